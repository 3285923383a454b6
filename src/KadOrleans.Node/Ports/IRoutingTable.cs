using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

/// <summary>
/// The engine's routing table: an immutable snapshot to read, and a sink for observations. Safe for several threads; no member blocks.
/// </summary>
internal interface IRoutingTable
{
    /// <summary>The newest snapshot of the table.</summary>
    RoutingTableSnapshot Snapshot { get; }

    /// <summary>Reports an observation of a contact. A later <see cref="Snapshot"/> has it, perhaps after some time.</summary>
    void Observe(ContactObservation observation);

    /// <summary>Sets the listener for the table's decisions. Called once, before the first observation.</summary>
    void Attach(IRoutingTableListener listener);
}

/// <summary>Gets the decisions of a routing table. Calls come from any thread and must return soon.</summary>
internal interface IRoutingTableListener
{
    /// <summary>A verified contact entered the table.</summary>
    void OnContactAdded(Contact contact);

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    void OnCheckNeeded(Contact contact);
}
