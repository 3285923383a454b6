using static KadOrleans.Lab.InvariantException;

namespace KadOrleans.Lab;

// Every decoder of the wire. What it decodes must be encoded again, decode to the same, and then be encoded in the same bytes.
// Everything we send has only one form.
internal sealed class WireTarget : IFuzzTarget
{
    /// <summary>k of the protocol: how many contacts a reader gives room for.</summary>
    private const int Contacts = 20;

    private readonly byte[] _first = new byte[Datagram.MaxLength];
    private readonly byte[] _second = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = new Contact[Contacts];
    private readonly Contact[] _again = new Contact[Contacts];

    private delegate bool Reading<T>(ReadOnlySpan<byte> body, out T content);

    private delegate int Writing<T>(Span<byte> destination, MessageId id, T content, WriteToken token);

    public bool Run(ReadOnlySpan<byte> datagram)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            return false;
        }

        // All decoders see every body: a response is told apart only by the request it answers.
        var request = RunRequest(body, id);
        var response = RunResponses(body, id);
        return kind == DatagramKind.Request ? request : response;
    }

    private bool RunRequest(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!Request.TryDecode(body, out var request))
        {
            return false;
        }

        if (request.Kind == RequestKind.Store && request.AsStore().Value.Kind == DhtValueKind.None)
        {
            return true;
        }

        // Everything received can be sent: the shortest form is not longer than the received one. Only a 32-bit float grows, and it is far
        // from the limit.
        var arguments = ArgumentsOf(request);
        var length = RequestBytes.Write(_first, request.Kind, id, arguments, request.AsksForToken);
        var again = DecodeOwn(_first.AsSpan(0, length), DatagramKind.Request, id);
        Require(Request.TryDecode(again, out var second), "a written request is refused");
        Require(
            request.Kind == second.Kind && arguments == ArgumentsOf(second) && request.AsksForToken == second.AsksForToken,
            "a written request is read as another");
        RequireSameBytes(length, RequestBytes.Write(_second, second.Kind, id, ArgumentsOf(second), second.AsksForToken));
        return true;
    }

    private bool RunResponses(ReadOnlySpan<byte> body, MessageId id) =>
        RunOne<NodeId>(body, id, ResponseReader.TryReadPong, ResponseWriter.WritePong)
        | RunOne<UdpEndpoint>(body, id, ResponseReader.TryReadStun, static (destination, to, seen, _) => ResponseWriter.WriteStun(destination, to, seen))
        | RunOne<bool>(body, id, ResponseReader.TryReadStored, ResponseWriter.WriteStored)
        | RunNodes(body, id)
        | RunFindValue(body, id);

    private bool RunOne<T>(ReadOnlySpan<byte> body, MessageId id, Reading<T> read, Writing<T> write)
    {
        if (!read(body, out var content))
        {
            return false;
        }

        Require(content is not UdpEndpoint { IsUnicast: false }, "an unreachable endpoint is read");
        var token = TokenOf(body);
        var written = DecodeOwn(_first.AsSpan(0, write(_first, id, content, token)), DatagramKind.Response, id);
        Require(content is UdpEndpoint || TokenOf(written) == token, "a written token is read as another");
        Require(read(written, out var again) && EqualityComparer<T>.Default.Equals(again, content), $"a written {typeof(T).Name} is read as another");
        return true;
    }

    private bool RunNodes(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadNodes(body, _contacts, out var count))
        {
            return false;
        }

        RequireWrittenTheSame(id, count, TokenOf(body));
        return true;
    }

    private bool RunFindValue(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadFindValue(body, _contacts, out var count, out var value))
        {
            return false;
        }

        if (value.Kind == DhtValueKind.None)
        {
            RequireWrittenTheSame(id, count, TokenOf(body));
            return true;
        }

        Require(TokenOf(body).IsNone, "a value has a token");
        Require(count == 0, "an answer has both a value and contacts");
        var secondsLeft = ResponseReader.ReadSecondsLeft(body);
        var length = ResponseWriter.WriteValue(_first, id, value, secondsLeft);
        var written = DecodeOwn(_first.AsSpan(0, length), DatagramKind.Response, id);
        Require(
            ResponseReader.TryReadFindValue(written, _again, out _, out var again) && again == value,
            "a written value is read as another");
        Require(ResponseReader.ReadSecondsLeft(written) == secondsLeft, "a written life is read as another");
        RequireSameBytes(length, ResponseWriter.WriteValue(_second, id, again, secondsLeft));
        return true;
    }

    private void RequireWrittenTheSame(MessageId id, int count, WriteToken token)
    {
        var contacts = _contacts.AsSpan(0, count);
        foreach (var contact in contacts)
        {
            Require(contact.Endpoint.IsUnicast, "an unreachable contact is read");
        }

        var length = ResponseWriter.WriteNodes(_first, id, contacts, token);
        var written = DecodeOwn(_first.AsSpan(0, length), DatagramKind.Response, id);
        Require(ResponseReader.TryReadNodes(written, _again, out var again), "written contacts are refused");
        Require(contacts.SequenceEqual(_again.AsSpan(0, again)), "written contacts are read as others");
        Require(TokenOf(written) == token, "a written token is read as another");
        RequireSameBytes(length, ResponseWriter.WriteNodes(_second, id, _again.AsSpan(0, again), token));
    }

    private static WriteToken TokenOf(ReadOnlySpan<byte> body) => ResponseReader.TryReadToken(body, out var token) ? token : WriteToken.None;

    private static StoreRequest ArgumentsOf(Request request) =>
        request.Kind == RequestKind.Store ? request.AsStore() : new StoreRequest(request.Sender, request.Target, default);

    private static ReadOnlySpan<byte> DecodeOwn(ReadOnlySpan<byte> datagram, DatagramKind kind, MessageId id)
    {
        Require(
            Datagram.TryReadHeader(datagram, out var readKind, out var readId, out var body)
                && readKind == kind
                && readId == id,
            "a written header is read as another");
        return body;
    }

    private void RequireSameBytes(int firstLength, int secondLength) => Require(
        _first.AsSpan(0, firstLength).SequenceEqual(_second.AsSpan(0, secondLength)),
        "writing again gives other bytes");
}
