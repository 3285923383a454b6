using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.PortContracts;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.TestGrains;

internal sealed class TestTableGrain : Grain, IRoutingTableGrain
{
    private readonly TimeProvider _time;
    private readonly RoutingTable _table;
    private long _epoch;
    private IEdgeObserver? _edge;

    public TestTableGrain([FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
    {
        _time = time;
        _table = new RoutingTable(
            NodeId.Parse(this.GetPrimaryKeyString()), RoutingTableContract.Options, new SubnetDiversity(), _time.GetUtcNow());
    }

    public async ValueTask<TableAnswer> ObserveAsync(long epoch, IReadOnlyList<ContactObservation> observations)
    {
        if (epoch != _epoch)
        {
            return new TableAnswer { IsFenced = true };
        }

        var before = _table.Version;
        var decisions = observations.Select(observation => _table.Apply(observation, _time.GetUtcNow())).ToList();
        if (_edge is not null && _table.Version != before)
        {
            await _edge.OnSnapshotAsync(_table.OwnId, _table.Snapshot);
        }

        return new TableAnswer
        {
            Added = [.. decisions.SelectMany(decision => decision.AlsoAdded.Concat(decision.Added is { } added ? [added] : []))],
            Checks = [.. decisions.Where(decision => decision.Check is not null).Select(decision => decision.Check!.Value)],
            Version = _table.Version,
        };
    }

    public ValueTask<RoutingTableSnapshot> SubscribeAsync(long epoch, IEdgeObserver edge)
    {
        if (epoch < _epoch)
        {
            throw new LeaseLostException();
        }

        (_epoch, _edge) = (epoch, edge);
        return ValueTask.FromResult(_table.Snapshot);
    }

    public ValueTask UnsubscribeAsync(long epoch)
    {
        _edge = null;
        return ValueTask.CompletedTask;
    }

    public ValueTask<RoutingTableSnapshot> GetSnapshotAsync() => ValueTask.FromResult(_table.Snapshot);

    public ValueTask<IReadOnlyList<BucketSummary>> DescribeAsync() => ValueTask.FromResult(_table.Describe());
}
