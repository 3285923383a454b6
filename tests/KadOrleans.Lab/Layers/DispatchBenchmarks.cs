using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;

namespace KadOrleans.Lab;

/// <summary>
/// A whole request through the engine, from the received bytes to the sent ones, against decoding and encoding only. The ratio is the cost
/// of limits, trust, table and store. The source is trusted and known, so nothing is held or pinged.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "The library calls the cleanup.")]
public class DispatchBenchmarks
{
    private const int Offered = 5_000;

    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly CountingTransport _transport = new();
    private readonly InMemoryKeyStore _store = new(new StoreQuota());
    private readonly Contact[] _nearest = new Contact[SampleNetwork.BucketSize];
    private readonly DhtNode _node;
    private readonly Contact _asker;
    private RequestKind _kind;
    private byte[] _request = [];

    public DispatchBenchmarks()
    {
        var table = SampleNetwork.CreateLocalTable(SampleNetwork.CreateContacts(Offered));
        table.Snapshot.FindClosest(SampleDatagrams.Key, _nearest);
        _asker = table.Snapshot.Contacts[0];
        var options = new KadNodeOptions();
        options.Trust.Add(SampleNetwork.Range);
        _node = new DhtNode(options, _transport, table, _store, new NodeEnvironment());
        _node.Start();
        _node.Receive(SampleDatagrams.Of(RequestKind.Store, _asker.Id), _asker.Endpoint);
    }

    [Params("Ping", "FindNode", "FindValue", "Store")]
    public string Kind { get; set; } = "Ping";

    [GlobalSetup]
    public void Choose()
    {
        _kind = Enum.Parse<RequestKind>(Kind);
        _request = SampleDatagrams.Of(_kind, _asker.Id);
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Benchmark(Baseline = true)]
    public int Codec()
    {
        var request = SampleDatagrams.Decode(_request);
        return request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(_buffer, SampleDatagrams.Id, SampleNetwork.OwnId),
            RequestKind.FindNode => ResponseWriter.WriteNodes(_buffer, SampleDatagrams.Id, _nearest),
            RequestKind.FindValue => ResponseWriter.WriteValue(_buffer, SampleDatagrams.Id, SampleDatagrams.Value),
            _ => request.AsStore().SecondsLeft is null ? ResponseWriter.WriteStored(_buffer, SampleDatagrams.Id, true) : 0,
        };
    }

    [Benchmark]
    public long Dispatch()
    {
        _node.Receive(_request, _asker.Endpoint);
        return _transport.Sent;
    }
}
