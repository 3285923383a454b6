using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Node.Local;
using KadOrleans.Simulation.Tables;

namespace KadOrleans.Simulation.Experiments;

/// <summary>One node of a <see cref="Population"/>: an engine, or a standalone node that maintains itself, or a place only.</summary>
internal sealed class Member(NodeId id, SimulatedTransport transport) : IAsyncDisposable
{
    private PagedRoutingTable? _table;
    private InMemoryKeyStore? _store;
    private KadNode? _node;

    public Contact Contact { get; } = new(id, transport.Endpoint);

    public DhtNode? Engine { get; private set; }

    /// <summary>Its place among the live, negative when it is none of them.</summary>
    public int Place { get; set; } = -1;

    /// <summary>Starts the engine alone, which answers and asks but does nothing by itself.</summary>
    public void StartEngine(SimulatedWorld world, KadNodeOptions options, TablePager pager, FrozenTable? begin)
    {
        _table = new PagedRoutingTable(id, pager, begin);
        _store = new InMemoryKeyStore(options.Quota);
        Engine = new DhtNode(options, transport, _table, _store, world.Environment);
        Engine.Start();
    }

    /// <summary>Starts a standalone node with all that it does by itself.</summary>
    public async Task StartNodeAsync(SimulatedWorld world, KadNodeOptions options, TablePager pager, FrozenTable? begin)
    {
        _store = new InMemoryKeyStore(options.Quota);
        _node = new KadNode(options, transport, _store, new InMemoryNodeStateStore(), world.Environment)
        {
            CreateTable = ownId => new LocalRoutingTable(
                begin is null ? pager.Create(ownId) : pager.Restore(begin), world.Clock),
        };
        await _node.StartAsync();
        Engine = _node.Engine;
    }

    /// <summary>Joins the network through nodes at these addresses.</summary>
    public Task JoinAsync(IEnumerable<string> through) =>
        _node is not null ? _node.JoinAsync() : Engine!.BootstrapAsync(through);

    /// <summary>Sets a value; a standalone node publishes it again each day.</summary>
    public Task<SetResult> SetAsync(NodeId key, DhtValue value) =>
        _node is not null ? _node.SetAsync(key, value) : Engine!.SetAsync(key, value);

    /// <summary>What it holds under a key and is alive at that time.</summary>
    public ValueTask<StoredValue?> GetHeldAsync(NodeId key, DateTimeOffset now) =>
        _store is null ? ValueTask.FromResult<StoredValue?>(null) : _store.GetAsync(key, now);

    /// <summary>Falls silent without a word, as after a power cut.</summary>
    public async ValueTask DisposeAsync()
    {
        transport.IsCutOff = true;
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
        else if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        else
        {
            await transport.DisposeAsync();
        }

        (Engine, _node, _table, _store) = (null, null, null, null);
    }

    public async Task<IReadOnlyList<BucketSummary>> DescribeAsync() =>
        _node is not null ? (await _node.DescribeAsync()).Buckets : _table?.Describe() ?? [];
}
