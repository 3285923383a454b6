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

    public string Name => "wire";

    public void Begin(FuzzRandom random)
    {
        // Decoders remember nothing.
    }

    public bool Run(ReadOnlySpan<byte> datagram)
    {
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out var error))
        {
            Require(error != DecodeError.None, "a refused header names no reason");
            return false;
        }

        // All decoders see every body: a response is told apart only by the request it answers.
        var request = RunRequest(body, id);
        var response = RunResponses(body, id);
        return kind == DatagramKind.Request ? request : response;
    }

    public void End()
    {
        // Nor do they have anything to finish.
    }

    private bool RunRequest(ReadOnlySpan<byte> body, MessageId id)
    {
        var decoded = Request.TryDecode(body, out var request, out var error);
        Require(decoded == (error == DecodeError.None), "a reason is named exactly if a request is refused");
        if (!decoded)
        {
            return false;
        }

        if (request.Kind == RequestKind.Store && request.AsStore().Value.Kind == DhtValueKind.None)
        {
            return true;
        }

        // Everything received can be sent: the shortest form is not longer than the received one. Only a 32-bit float grows, and it is far
        // from the limit.
        var length = WriteRequest(_first, id, request);
        var again = DecodeOwn(_first.AsSpan(0, length), DatagramKind.Request, id);
        Require(Request.TryDecode(again, out var second, out _), "a written request is refused");
        Require(Same(request, second), "a written request is read as another");
        RequireSameBytes(length, WriteRequest(_second, id, second));
        return true;
    }

    private bool RunResponses(ReadOnlySpan<byte> body, MessageId id) =>
        RunPong(body, id) | RunStun(body, id) | RunStored(body, id) | RunNodes(body, id) | RunFindValue(body, id);

    private bool RunPong(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadPong(body, out var self))
        {
            return false;
        }

        var written = DecodeOwn(_first.AsSpan(0, ResponseWriter.WritePong(_first, id, self)), DatagramKind.Response, id);
        Require(ResponseReader.TryReadPong(written, out var again) && again == self, "a written pong is read as another");
        return true;
    }

    private bool RunStun(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadStun(body, out var source))
        {
            return false;
        }

        Require(source.IsUnicast, "an unreachable endpoint is read");
        var written = DecodeOwn(_first.AsSpan(0, ResponseWriter.WriteStun(_first, id, source)), DatagramKind.Response, id);
        Require(ResponseReader.TryReadStun(written, out var again) && again == source, "a written endpoint is read as another");
        return true;
    }

    private bool RunStored(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadStored(body, out var stored))
        {
            return false;
        }

        var written = DecodeOwn(_first.AsSpan(0, ResponseWriter.WriteStored(_first, id, stored)), DatagramKind.Response, id);
        Require(ResponseReader.TryReadStored(written, out var again) && again == stored, "a written outcome is read as another");
        return true;
    }

    private bool RunNodes(ReadOnlySpan<byte> body, MessageId id)
    {
        if (!ResponseReader.TryReadNodes(body, _contacts, out var count))
        {
            return false;
        }

        RequireWrittenTheSame(id, count);
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
            RequireWrittenTheSame(id, count);
            return true;
        }

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

    private void RequireWrittenTheSame(MessageId id, int count)
    {
        var contacts = _contacts.AsSpan(0, count);
        foreach (var contact in contacts)
        {
            Require(contact.Endpoint.IsUnicast, "an unreachable contact is read");
        }

        var length = ResponseWriter.WriteNodes(_first, id, contacts);
        var written = DecodeOwn(_first.AsSpan(0, length), DatagramKind.Response, id);
        Require(ResponseReader.TryReadNodes(written, _again, out var again), "written contacts are refused");
        Require(contacts.SequenceEqual(_again.AsSpan(0, again)), "written contacts are read as others");
        RequireSameBytes(length, ResponseWriter.WriteNodes(_second, id, _again.AsSpan(0, again)));
    }

    private static int WriteRequest(byte[] buffer, MessageId id, Request request)
    {
        switch (request.Kind)
        {
            case RequestKind.Ping:
                return RequestWriter.WritePing(buffer, id, request.AsPing());
            case RequestKind.Stun:
                return RequestWriter.WriteStun(buffer, id);
            case RequestKind.FindNode:
                return RequestWriter.WriteFindNode(buffer, id, request.AsFindNode());
            case RequestKind.FindValue:
                return RequestWriter.WriteFindValue(buffer, id, request.AsFindValue());
            default:
                var store = request.AsStore();
                Require(RequestWriter.TryWriteStore(buffer, id, store, out var length), "a received value is too long to send");
                return length;
        }
    }

    private static bool Same(Request left, Request right) => left.Kind == right.Kind && left.Kind switch
    {
        RequestKind.Ping => left.AsPing() == right.AsPing(),
        RequestKind.Stun => true,
        RequestKind.Store => left.AsStore() == right.AsStore(),
        RequestKind.FindNode => left.AsFindNode() == right.AsFindNode(),
        _ => left.AsFindValue() == right.AsFindValue(),
    };

    private static ReadOnlySpan<byte> DecodeOwn(ReadOnlySpan<byte> datagram, DatagramKind kind, MessageId id)
    {
        Require(
            Datagram.TryReadHeader(datagram, out var readKind, out var readId, out var body, out _)
                && readKind == kind
                && readId == id,
            "a written header is read as another");
        return body;
    }

    private void RequireSameBytes(int firstLength, int secondLength) => Require(
        _first.AsSpan(0, firstLength).SequenceEqual(_second.AsSpan(0, secondLength)),
        "writing again gives other bytes");
}
