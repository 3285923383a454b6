using Microsoft.AspNetCore.Connections;

namespace KadOrleans.Http;

// Bounds the open connections of one port, in all and from one address: an IPv4 address or an IPv6 /64. Beyond a bound the oldest is closed
// that has not made itself known, by a token or a handshake. Refusing the newest would let idle connections keep others out. If all
// are known, either the oldest of them is closed or the new one. Addresses that are exempt, as those of proxies, are bounded in all alone.
internal sealed class ConnectionLimit(
    int most,
    int mostOfAddress = int.MaxValue,
    bool closesKnown = true,
    int mostUnknownOfAddress = int.MaxValue,
    AddressRangeSet? exempt = null)
{
    // The key of a connection's entry in its items: what to do once it is known.
    private static readonly object MarkKey = new();

    // Guards the lists, the oldest first, in which of them each place is, and the counts.
    private readonly Lock _gate = new();
    private readonly LinkedList<Place> _strangers = new();
    private readonly LinkedList<Place> _known = new();
    private readonly Dictionary<SourceNetwork, int> _ofAddress = [];
    private readonly Dictionary<SourceNetwork, int> _unknownOfAddress = [];

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var place = Add(connection, out var closed);
        closed?.Abort(new ConnectionAbortedException(place is null
            ? "As many connections as are allowed are in use."
            : "The oldest connection is closed for a new one, as there are as many as are allowed."));
        if (place is null)
        {
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Remove(place);
        }
    }

    /// <summary>This connection had a token, or ended its handshake. So it stays open before those that had none.</summary>
    public static void MarkKnown(IDictionary<object, object?>? items)
    {
        if (items?.Remove(MarkKey, out var mark) == true)
        {
            ((Action)mark!)();
        }
    }

    private LinkedListNode<Place>? Add(ConnectionContext connection, out ConnectionContext? closed)
    {
        var address = AddressOf(connection.RemoteEndPoint);
        closed = null;
        lock (_gate)
        {
            if (!HasRoom(address, out var oldest))
            {
                closed = oldest?.Value.Connection ?? connection;
                if (oldest is null)
                {
                    return null;
                }

                Leave(oldest);
            }

            var place = _strangers.AddLast(new Place(connection, address));
            Count(_ofAddress, address, 1);
            Count(_unknownOfAddress, address, 1);
            connection.Items[MarkKey] = () => MakeKnown(place);
            return place;
        }
    }

    private bool HasRoom(SourceNetwork address, out LinkedListNode<Place>? oldest)
    {
        oldest = null;
        if (address != SourceNetwork.Trusted
            && (_unknownOfAddress.GetValueOrDefault(address) >= mostUnknownOfAddress || _ofAddress.GetValueOrDefault(address) >= mostOfAddress))
        {
            oldest = OldestOf(_strangers, address) ?? (closesKnown ? OldestOf(_known, address) : null);
            return false;
        }

        if (_strangers.Count + _known.Count >= most)
        {
            oldest = _strangers.First ?? (closesKnown ? _known.First : null);
            return false;
        }

        return true;
    }

    private static LinkedListNode<Place>? OldestOf(LinkedList<Place> list, SourceNetwork address)
    {
        var place = list.First;
        while (place is not null && place.Value.Address != address)
        {
            place = place.Next;
        }

        return place;
    }

    private void MakeKnown(LinkedListNode<Place> place)
    {
        lock (_gate)
        {
            if (place.List == _strangers)
            {
                _strangers.Remove(place);
                _known.AddLast(place);
                Count(_unknownOfAddress, place.Value.Address, -1);
            }
        }
    }

    private void Remove(LinkedListNode<Place> place)
    {
        lock (_gate)
        {
            Leave(place);
        }
    }

    private void Leave(LinkedListNode<Place> place)
    {
        if (place.List is not { } list)
        {
            return;
        }

        list.Remove(place);
        Count(_ofAddress, place.Value.Address, -1);
        if (list == _strangers)
        {
            Count(_unknownOfAddress, place.Value.Address, -1);
        }
    }

    private static void Count(Dictionary<SourceNetwork, int> counts, SourceNetwork address, int change)
    {
        var count = counts.GetValueOrDefault(address) + change;
        if (count == 0)
        {
            counts.Remove(address);
        }
        else
        {
            counts[address] = count;
        }
    }

    // Exempt ones share one entry with connections of a test or of a Unix socket, which have no address.
    private SourceNetwork AddressOf(EndPoint? remote) =>
        remote is IPEndPoint ip && UdpEndpoint.FromIPAddress(ip.Address, ip.Port) is var endpoint && exempt?.Contains(endpoint) != true
            ? SourceNetwork.Of(endpoint)
            : SourceNetwork.Trusted;

    private sealed record Place(ConnectionContext Connection, SourceNetwork Address);
}
