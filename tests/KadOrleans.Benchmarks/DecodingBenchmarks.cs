using BenchmarkDotNet.Attributes;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Benchmarks;

/// <summary>From bytes to messages: each kind of request, and the longest common answer.</summary>
public class DecodingBenchmarks
{
    private readonly byte[] _ping = SampleDatagrams.Ping(SampleNetwork.OwnId);
    private readonly byte[] _findNode = SampleDatagrams.FindNode(SampleNetwork.OwnId);
    private readonly byte[] _findValue = SampleDatagrams.FindValue(SampleNetwork.OwnId);
    private readonly byte[] _store = SampleDatagrams.Store(SampleNetwork.OwnId);
    private readonly byte[] _nodes = SampleDatagrams.Nodes(SampleNetwork.CreateContacts(SampleNetwork.BucketSize));
    private readonly Contact[] _contacts = new Contact[SampleNetwork.BucketSize];

    [Benchmark]
    public NodeId DecodePing() => Decode(_ping).AsPing().Sender;

    [Benchmark]
    public NodeId DecodeFindNode() => Decode(_findNode).AsFindNode().Target;

    [Benchmark]
    public NodeId DecodeFindValue() => Decode(_findValue).AsFindValue().Key;

    [Benchmark]
    public DhtValue DecodeStore() => Decode(_store).AsStore().Value;

    [Benchmark]
    public int DecodeNodes()
    {
        Datagram.TryReadHeader(_nodes, out _, out _, out var body, out _);
        ResponseReader.TryReadNodes(body, _contacts, out var count);
        return count;
    }

    private static Request Decode(byte[] datagram)
    {
        Datagram.TryReadHeader(datagram, out _, out _, out var body, out _);
        Request.TryDecode(body, out var request, out _);
        return request;
    }
}
