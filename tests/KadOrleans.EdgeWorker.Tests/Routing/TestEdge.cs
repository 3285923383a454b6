using KadOrleans.EdgeWorker.Routing;
using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Crawling;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;

namespace KadOrleans.EdgeWorker.Tests.Routing;

/// <summary>An edge that takes snapshots for one table and nothing else.</summary>
internal sealed class TestEdge(ClusterRoutingTable table) : IEdgeObserver
{
    public Task ConfirmAsync() => Task.CompletedTask;

    public Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot)
    {
        table.Update(snapshot);
        return Task.CompletedTask;
    }

    public Task<bool> OnChangeAsync(NodeId nodeId, SnapshotChange change) => Task.FromResult(table.Update(change));

    public Task<bool> AcceptAsync(EdgeWork work) => Task.FromResult(false);

    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken) => Task.FromResult(new GetResult(null, null));

    public Task<SetResult> SetAsync(NodeId key, DhtValue value) => Task.FromResult(new SetResult());

    public Task<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life) => SetAsync(key, value);

    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<KeyHolder>>([]);

    public Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task OnRulesAsync(EdgeRules rules) => Task.CompletedTask;

    public Task<CrawlSliceProgress> CrawlSliceAsync(CrawlSliceOrder order) => throw new NotSupportedException();

    public Task<byte[]?> ReadSliceAsync(string lease, int page) => throw new NotSupportedException();

    public Task EndSliceAsync(string lease) => Task.CompletedTask;

    public Task<PingResult> PingAsync(UdpEndpoint endpoint) => Task.FromResult(new PingResult(null, RequestFailure.TimedOut, default));
}
