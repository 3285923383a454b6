namespace KadOrleans.Node;

/// <summary>An immutable snapshot to read, and a sink for observations. No member blocks. Events come from any thread.</summary>
internal interface IRoutingTable
{
    /// <summary>A verified contact entered the table.</summary>
    event Action<Contact>? ContactAdded;

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    event Action<Contact>? CheckNeeded;

    RoutingTableSnapshot Snapshot { get; }

    /// <summary>A later <see cref="Snapshot"/> has it, perhaps after some time.</summary>
    void Observe(ContactObservation observation);
}
