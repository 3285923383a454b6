using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>Keeps what a routing table told.</summary>
public sealed class ListenerLog 
{
    private readonly ConcurrentQueue<Contact> _added = new();
    private readonly ConcurrentQueue<Contact> _checks = new();

    public IReadOnlyCollection<Contact> Added => _added;

    public IReadOnlyCollection<Contact> Checks => _checks;

    internal void Follow(IRoutingTable table)
    {
        table.ContactAdded += _added.Enqueue;
        table.CheckNeeded += _checks.Enqueue;
    }
}
