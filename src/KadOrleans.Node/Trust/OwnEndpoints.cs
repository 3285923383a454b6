namespace KadOrleans.Node;

/// <summary>
/// The endpoints and public addresses of this node, which it asks nothing whatever others name: the bound ones, those of the machine's
/// interfaces, and those at which others see it.
/// </summary>
internal sealed class OwnEndpoints(IDatagramTransport transport, IRoutingTable table, AddressRangeSet trusted, IReadOnlyCollection<ushort> siblings)
{
    private static readonly HashSet<UdpEndpoint> None = [];

    // Replaced as a whole, so that readers need no lock.
    private volatile HashSet<UdpEndpoint> _bound = [.. transport.OwnEndpoints];
    private volatile HashSet<UdpEndpoint> _seen = None;
    private volatile HashSet<UdpEndpoint> _addresses = PublicAmong(transport.OwnEndpoints);

    /// <summary>Whether datagrams there come back to this machine for certain.</summary>
    public bool IsBound(UdpEndpoint endpoint) => _bound.Contains(endpoint);

    /// <summary>Whether it is this node's endpoint. One of a contact is not, whatever others say of it: the contact answered there.</summary>
    public bool IsOwn(Contact contact) =>
        _bound.Contains(contact.Endpoint) || (_seen.Contains(contact.Endpoint) && !table.Snapshot.Contains(contact));

    public bool IsOwn(UdpEndpoint endpoint) => _bound.Contains(endpoint) || _seen.Contains(endpoint);

    // Whether a contact that a third party names is not asked: it is this node, or another port of a public address of this machine, where
    // no node is known. Loopback and private addresses are allowed: networks on one host must work.
    public bool IsRefused(Contact named) => IsOwn(named)
        || (_addresses.Contains(named.Endpoint.WithPort(0))
            && !siblings.Contains(named.Endpoint.Port)
            && !trusted.Contains(named.Endpoint)
            && !table.Snapshot.Contains(named));

    /// <summary>Reads the interfaces again, as addresses change, and takes what others say of where they see this node.</summary>
    public void Learn(IReadOnlyCollection<(UdpEndpoint Witness, UdpEndpoint Seen)> answers)
    {
        HashSet<UdpEndpoint> bound = [.. transport.OwnEndpoints];
        HashSet<UdpEndpoint> seen = [.. SeenEndpoints.AgreedOn(answers, withPort: true)];
        _addresses = PublicAmong(bound.Concat(SeenEndpoints.AgreedOn(answers, withPort: false)));
        (_bound, _seen) = (bound, seen);
    }

    private static HashSet<UdpEndpoint> PublicAmong(IEnumerable<UdpEndpoint> endpoints) =>
        [.. endpoints.Where(endpoint => !endpoint.IsLocal).Select(endpoint => endpoint.WithPort(0))];
}
