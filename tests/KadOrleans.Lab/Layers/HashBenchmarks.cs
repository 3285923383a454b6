using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>The hash codes of what strangers choose, each of another one: a request takes several.</summary>
public class HashBenchmarks
{
    private const int Count = 1_024;

    private readonly NodeId[] _ids = new NodeId[Count];
    private readonly UdpEndpoint[] _endpoints = new UdpEndpoint[Count];
    private readonly SourceNetwork[] _networks = new SourceNetwork[Count];
    private readonly Contact[] _contacts = new Contact[Count];
    private readonly DhtValue[] _values = new DhtValue[Count];

    public HashBenchmarks()
    {
        var random = new SeededRandomSource(1);
        for (var i = 0; i < Count; i++)
        {
            _ids[i] = NodeId.Random(random);
            _endpoints[i] = UdpEndpoint.FromIPv4(random.NextUInt32(), 8468);
            _networks[i] = SourceNetwork.Of(_endpoints[i]);
            _contacts[i] = new Contact(_ids[i], _endpoints[i]);
            _values[i] = DhtValue.FromBytes(random.NextBytes(64));
        }
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int Ids() => Sum(_ids);

    [Benchmark(OperationsPerInvoke = Count)]
    public int Endpoints() => Sum(_endpoints);

    [Benchmark(OperationsPerInvoke = Count)]
    public int Networks() => Sum(_networks);

    [Benchmark(OperationsPerInvoke = Count)]
    public int Contacts() => Sum(_contacts);

    [Benchmark(OperationsPerInvoke = Count)]
    public int Values() => Sum(_values);

    /// <summary>Each element depends on the hash before it: how long one takes, not how many overlap.</summary>
    [Benchmark(OperationsPerInvoke = Count)]
    public int IdsOneAfterAnother()
    {
        var last = 0;
        for (var i = 0; i < Count; i++)
        {
            last = _ids[last & (Count - 1)].GetHashCode();
        }

        return last;
    }

    private static int Sum<T>(T[] all)
        where T : struct
    {
        var sum = 0;
        foreach (var one in all)
        {
            sum += one.GetHashCode();
        }

        return sum;
    }
}
