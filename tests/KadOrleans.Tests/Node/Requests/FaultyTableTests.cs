namespace KadOrleans.Tests.Node;

public sealed class FaultyTableTests
{
    private readonly SimulatedWorld _world = new(seed: 37);

    [Fact]
    public void A_table_that_throws_on_a_failure_stops_no_other_timeout() => _world.Run(async () =>
    {
        var silent = _world.AddPeer();
        var store = new InMemoryKeyStore(new());
        var table = new ThrowingTable(NodeId.Random(_world.Random), silent.Contact);
        var node = new DhtNode(new KadNodeOptions(), _world.Network.Bind(), table, store, _world.Environment);
        node.Start();

        table.AskForCheck();
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        var ping = await node.PingAsync(silent.Endpoint).WaitAsync(TimeSpan.FromSeconds(20), _world.Clock);

        Assert.Equal(RequestFailure.TimedOut, ping.Failure);
        Assert.Equal(1, table.Failures);
        await node.DisposeAsync();
        await store.DisposeAsync();
    });

    private sealed class ThrowingTable(NodeId ownId, Contact contact) : IRoutingTable
    {
        public event Action<Contact>? ContactAdded
        {
            add { }
            remove { }
        }

        public event Action<Contact>? CheckNeeded;

        public int Failures { get; private set; }

        public RoutingTableSnapshot Snapshot { get; } = new(ownId, 1, [contact]);

        public void AskForCheck() => CheckNeeded!(contact);

        public void Observe(ContactObservation observation)
        {
            Failures++;
            throw new InvalidOperationException("The table is out of order.");
        }
    }
}
