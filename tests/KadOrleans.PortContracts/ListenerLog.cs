using System.Collections.Concurrent;
using KadOrleans.Core;
using KadOrleans.Node.Ports;

namespace KadOrleans.PortContracts;

/// <summary>Keeps what a routing table told.</summary>
public sealed class ListenerLog : IRoutingTableListener
{
    private readonly ConcurrentQueue<Contact> _added = new();
    private readonly ConcurrentQueue<Contact> _checks = new();

    public IReadOnlyCollection<Contact> Added => _added;

    public IReadOnlyCollection<Contact> Checks => _checks;

    public void OnContactAdded(Contact contact) => _added.Enqueue(contact);

    public void OnCheckNeeded(Contact contact) => _checks.Enqueue(contact);
}
