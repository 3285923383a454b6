using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Configs;

namespace KadOrleans.Lab;

/// <summary>
/// A whole request through the engine, from the received bytes to the sent ones, against decoding and encoding only. The ratio is the cost
/// of limits, trust, table and store. The source is trusted and known, so nothing is held or pinged.
/// </summary>
[GroupBenchmarksBy(BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
[SuppressMessage("Design", "CA1001", Justification = "The library calls the cleanup.")]
public class DispatchBenchmarks
{
    private const int Offered = 5_000;

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly CountingTransport _transport = new();
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly Contact[] _nearest = new Contact[SampleNetwork.BucketSize];
    private readonly DhtNode _node;
    private readonly UdpEndpoint _source;
    private readonly byte[] _ping;
    private readonly byte[] _findNode;
    private readonly byte[] _findValue;
    private readonly byte[] _storeRequest;

    public DispatchBenchmarks()
    {
        var table = SampleNetwork.CreateLocalTable(SampleNetwork.CreateContacts(Offered));
        table.Snapshot.FindClosest(SampleDatagrams.Key, _nearest);
        var asker = table.Snapshot.Contacts[0];
        _source = asker.Endpoint;
        _ping = SampleDatagrams.Of(RequestKind.Ping, asker.Id);
        _findNode = SampleDatagrams.Of(RequestKind.FindNode, asker.Id);
        _findValue = SampleDatagrams.Of(RequestKind.FindValue, asker.Id);
        _storeRequest = SampleDatagrams.Of(RequestKind.Store, asker.Id);
        var options = new KadNodeOptions();
        options.Trust.Add(SampleNetwork.Range);
        _node = new DhtNode(options, _transport, table, _store, new NodeEnvironment());
        _node.Start();
        _node.Receive(_storeRequest, _source);
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Benchmark(Baseline = true), BenchmarkCategory("Ping")]
    public int PingCodec()
    {
        SampleDatagrams.Decode(_ping);
        return ResponseWriter.WritePong(_buffer, SampleDatagrams.Id, SampleNetwork.OwnId);
    }

    [Benchmark, BenchmarkCategory("Ping")]
    public long PingDispatch() => Dispatch(_ping);

    [Benchmark(Baseline = true), BenchmarkCategory("FindNode")]
    public int FindNodeCodec()
    {
        SampleDatagrams.Decode(_findNode);
        return ResponseWriter.WriteNodes(_buffer, SampleDatagrams.Id, _nearest);
    }

    [Benchmark, BenchmarkCategory("FindNode")]
    public long FindNodeDispatch() => Dispatch(_findNode);

    [Benchmark(Baseline = true), BenchmarkCategory("FindValue")]
    public int FindValueCodec()
    {
        SampleDatagrams.Decode(_findValue);
        return ResponseWriter.WriteValue(_buffer, SampleDatagrams.Id, SampleDatagrams.Value);
    }

    [Benchmark, BenchmarkCategory("FindValue")]
    public long FindValueDispatch() => Dispatch(_findValue);

    [Benchmark(Baseline = true), BenchmarkCategory("Store")]
    public int StoreCodec()
    {
        SampleDatagrams.Decode(_storeRequest).AsStore();
        return ResponseWriter.WriteStored(_buffer, SampleDatagrams.Id, true);
    }

    [Benchmark, BenchmarkCategory("Store")]
    public long StoreDispatch() => Dispatch(_storeRequest);

    private long Dispatch(byte[] datagram)
    {
        _node.Receive(datagram, _source);
        return _transport.Sent;
    }
}
