namespace KadOrleans.Tests.Node;

public sealed class LocalRoutingTableTests : RoutingTableContract
{
    protected override RoutingTableHost CreateHost() => new Host();

    private sealed class Host : RoutingTableHost
    {
        private readonly ManualTimeProvider _clock = new();

        internal override ValueTask<IRoutingTable> OpenAsync(NodeId ownId, ListenerLog log)
        {
            var table = new LocalRoutingTable(ownId, RoutingTableContract.Options, new SubnetDiversity(), _clock);
            log.Follow(table);
            return ValueTask.FromResult<IRoutingTable>(table);
        }

        public override ValueTask AdvanceAsync(TimeSpan by)
        {
            _clock.Advance(by);
            return ValueTask.CompletedTask;
        }
    }
}
