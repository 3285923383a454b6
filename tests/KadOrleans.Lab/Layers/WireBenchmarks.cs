using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>From bytes to messages: each kind of request, and the longest common answer.</summary>
public class DecodingBenchmarks
{
    private readonly byte[] _ping = SampleDatagrams.Of(RequestKind.Ping, SampleNetwork.OwnId);
    private readonly byte[] _findNode = SampleDatagrams.Of(RequestKind.FindNode, SampleNetwork.OwnId);
    private readonly byte[] _findValue = SampleDatagrams.Of(RequestKind.FindValue, SampleNetwork.OwnId);
    private readonly byte[] _store = SampleDatagrams.Of(RequestKind.Store, SampleNetwork.OwnId);
    private readonly byte[] _nodes = SampleDatagrams.Nodes(SampleNetwork.CreateContacts(SampleNetwork.BucketSize));
    private readonly Contact[] _contacts = new Contact[SampleNetwork.BucketSize];

    [Benchmark]
    public NodeId DecodePing() => SampleDatagrams.Decode(_ping).Sender;

    [Benchmark]
    public NodeId DecodeFindNode() => SampleDatagrams.Decode(_findNode).Target;

    [Benchmark]
    public NodeId DecodeFindValue() => SampleDatagrams.Decode(_findValue).Target;

    [Benchmark]
    public DhtValue DecodeStore() => SampleDatagrams.Decode(_store).AsStore().Value;

    [Benchmark]
    public int DecodeNodes()
    {
        Datagram.TryReadHeader(_nodes, out _, out _, out var body);
        ResponseReader.TryReadNodes(body, _contacts, out var count);
        return count;
    }
}

/// <summary>From messages to bytes: the answers of a node.</summary>
public class EncodingBenchmarks
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly Contact[] _contacts = SampleNetwork.CreateContacts(SampleNetwork.BucketSize);

    [Benchmark]
    public int EncodePong() => ResponseWriter.WritePong(_buffer, SampleDatagrams.Id, SampleNetwork.OwnId);

    [Benchmark]
    public int EncodeNodes() => ResponseWriter.WriteNodes(_buffer, SampleDatagrams.Id, _contacts);

    [Benchmark]
    public int EncodeValue() => ResponseWriter.WriteValue(_buffer, SampleDatagrams.Id, SampleDatagrams.Value);
}
