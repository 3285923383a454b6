namespace KadOrleans.Tests.Node;

/// <summary>A routing table that fails when a test says so.</summary>
internal sealed class FaultyTable(NodeId ownId, TimeProvider time) : IRoutingTable
{
    private readonly LocalRoutingTable _table = new(ownId, new KademliaOptions(), new SubnetDiversity(), time);

    /// <summary>Lookups that fail before others work again.</summary>
    public int LookupsToFail { get; set; }

    public bool ThrowsOnFailures { get; init; }

    public int Failures { get; private set; }

    /// <summary>Whether it cannot be read.</summary>
    public bool IsAway { get; set; }

    public RoutingTableSnapshot Snapshot => IsAway ? throw new IOException("The table is away.") : _table.Snapshot;

    public event Action<Contact>? ContactAdded
    {
        add => _table.ContactAdded += value;
        remove => _table.ContactAdded -= value;
    }

    public event Action<Contact>? CheckNeeded
    {
        add => _table.CheckNeeded += value;
        remove => _table.CheckNeeded -= value;
    }

    public void Observe(ContactObservation observation)
    {
        if (observation.Kind == ObservationKind.LookedUp && LookupsToFail > 0)
        {
            LookupsToFail--;
            throw new IOException("The table is away.");
        }

        if (observation.Kind == ObservationKind.Failed && ThrowsOnFailures)
        {
            Failures++;
            throw new IOException("The table is out of order.");
        }

        _table.Observe(observation);
    }
}
