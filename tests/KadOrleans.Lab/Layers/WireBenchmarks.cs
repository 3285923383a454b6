using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>From bytes to contacts: the longest common answer. <see cref="DispatchBenchmarks"/> have the other messages.</summary>
public class DecodingBenchmarks
{
    private readonly byte[] _nodes = SampleDatagrams.Nodes(SampleNetwork.CreateContacts(SampleNetwork.BucketSize));
    private readonly Contact[] _contacts = new Contact[SampleNetwork.BucketSize];

    [Benchmark]
    public int DecodeNodes()
    {
        Datagram.TryReadHeader(_nodes, out _, out _, out var body);
        ResponseReader.TryReadNodes(body, _contacts, out var count);
        return count;
    }
}
