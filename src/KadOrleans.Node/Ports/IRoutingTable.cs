using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Node.Ports;

/// <summary>
/// The engine's routing table: an immutable snapshot to read, and a sink for observations. Safe for several threads; no member blocks.
/// Events come from any thread, and their handlers return soon.
/// </summary>
internal interface IRoutingTable
{
    /// <summary>A verified contact entered the table.</summary>
    event Action<Contact>? ContactAdded;

    /// <summary>The table wants to know whether this contact still answers (Kademlia §2.2).</summary>
    event Action<Contact>? CheckNeeded;

    /// <summary>The newest snapshot of the table.</summary>
    RoutingTableSnapshot Snapshot { get; }

    /// <summary>Reports an observation of a contact. A later <see cref="Snapshot"/> has it, perhaps after some time.</summary>
    void Observe(ContactObservation observation);
}
