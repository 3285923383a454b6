namespace KadOrleans.Lab;

/// <summary>The requests of BEP 5 (bencoded PING and FIND_NODE), and sources that answer a target's with their ids and no nodes.</summary>
internal sealed class Bep5Protocol(NodeId[] ids) : LoadProtocol
{
    // A transaction id is any string; ours are as long as the message ids of the load.
    private static readonly byte[] TransactionOfLoad = "1:t20:"u8.ToArray();

    public override RequestTemplate[] RoundOf(BenchOperation operation) => operation switch
    {
        BenchOperation.Ping => [Ping()],
        BenchOperation.FindNode => [FindNode()],
        _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "BEP 5 has PING and FIND_NODE of these."),
    };

    // Keys are sorted, so the kind of a message is at its end: a response or an error.
    public override int FindAnswer(ReadOnlySpan<byte> datagram) =>
        (datagram.EndsWith("1:y1:re"u8) || datagram.EndsWith("1:y1:ee"u8))
        && datagram.LastIndexOf(TransactionOfLoad) is >= 0 and var at
        && at + TransactionOfLoad.Length + MessageId.Length <= datagram.Length
            ? at + TransactionOfLoad.Length
            : -1;

    public override ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request, int source)
    {
        if (source < 0 || source >= ids.Length || !request.EndsWith("1:y1:qe"u8) || TransactionOf(request) is not { Length: > 0 } transaction)
        {
            return [];
        }

        OnPinged(source);
        byte[] answer = [.. "d1:rd2:id20:"u8, .. ids[source].ToByteArray(), .. "5:nodes0:5:token1:te"u8, .. transaction, .. "1:y1:re"u8];
        return answer;
    }

    // With its key: 1:t2:xx.
    private static ReadOnlySpan<byte> TransactionOf(ReadOnlySpan<byte> request)
    {
        var at = request.LastIndexOf("1:t"u8);
        if (at < 0)
        {
            return [];
        }

        var rest = request[(at + 3)..];
        var colon = rest.IndexOf((byte)':');
        return colon > 0 && int.TryParse(rest[..colon], out var length) && length is > 0 and <= MessageId.Length && colon + 1 + length <= rest.Length
            ? request.Slice(at, 3 + colon + 1 + length)
            : [];
    }

    private static RequestTemplate Ping() => new(
        RequestKind.Ping,
        [.. "d1:ad2:id20:"u8, .. Sender(), .. "e1:q4:ping"u8, .. End()],
        answer => answer.EndsWith("1:y1:re"u8));

    private static RequestTemplate FindNode() => new(
        RequestKind.FindNode,
        [.. "d1:ad2:id20:"u8, .. Sender(), .. "6:target20:"u8, .. RequestTemplate.KeyMark.ToByteArray(), .. "e1:q9:find_node"u8, .. End()],
        answer => answer.IndexOf("5:nodes"u8) is >= 0 and var at && !answer[at..].StartsWith("5:nodes0:"u8));

    private static byte[] Sender() => RequestTemplate.SenderMark.ToByteArray();

    private static byte[] End() => [.. TransactionOfLoad, .. RequestTemplate.IdMark, .. "1:y1:qe"u8];
}
