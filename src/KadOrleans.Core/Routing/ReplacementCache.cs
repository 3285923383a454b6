using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Routing;

/// <summary>Verified contacts that wait for a place in a full bucket, newest last (Kademlia §4.1).</summary>
internal sealed class ReplacementCache(int capacity)
{
    private readonly List<Replacement> _items = [];

    public int Count => _items.Count;

    public IReadOnlyList<Replacement> Items => _items;

    public Replacement this[int index] => _items[index];

    /// <summary>
    /// Remembers a contact as the newest, in place of any other of its id. The oldest gives way when there is no room,
    /// so a stranger can push out others that wait, but no contact of a bucket.
    /// </summary>
    public void Put(Replacement replacement)
    {
        Remove(replacement.Contact.Id);
        _items.Add(replacement);
        if (_items.Count > capacity)
        {
            _items.RemoveAt(0);
        }
    }

    /// <summary>Removes the entries of a network (/24 or /48), so that each network has at most one place.</summary>
    public void Remove(SourceNetwork network) =>
        _items.RemoveAll(item => SourceNetwork.SubnetOf(item.Contact.Endpoint) == network);

    public bool Remove(NodeId id)
    {
        var index = IndexOf(id);
        if (index >= 0)
        {
            _items.RemoveAt(index);
        }

        return index >= 0;
    }

    public bool Remove(Contact contact) =>
        IndexOf(contact.Id) is >= 0 and var index && _items[index].Contact == contact && Remove(contact.Id);

    public void RemoveAt(int index) => _items.RemoveAt(index);

    public int IndexOf(NodeId id)
    {
        for (var i = 0; i < _items.Count; i++)
        {
            if (_items[i].Contact.Id == id)
            {
                return i;
            }
        }

        return -1;
    }
}

internal readonly record struct Replacement(Contact Contact, DateTimeOffset LastSeen);

internal sealed class BucketEntry(Contact contact, DateTimeOffset lastSeen, int failures = 0)
{
    /// <summary>
    /// Failures within this time after a counted one are the same failure. So concurrent requests of several lookups cannot drop a contact,
    /// or empty the table, in one short outage. It is as long as the longest timeout of a request.
    /// </summary>
    public static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    private DateTimeOffset _lastFailure = DateTimeOffset.MinValue;

    public Contact Contact { get; } = contact;

    public DateTimeOffset FirstSeen { get; init; } = lastSeen;

    public DateTimeOffset LastSeen { get; private set; } = lastSeen;

    /// <summary>Requests left unanswered since it last answered.</summary>
    public int Failures { get; private set; } = failures;

    /// <summary>When the caller was last asked to ping it.</summary>
    public DateTimeOffset LastCheck { get; set; } = DateTimeOffset.MinValue;

    public void Answered(DateTimeOffset now)
    {
        LastSeen = now;
        Failures = 0;
    }

    public bool Failed(DateTimeOffset now)
    {
        if (Failures > 0 && now.Since(_lastFailure) < FailurePause)
        {
            return false;
        }

        _lastFailure = now;
        Failures++;
        return true;
    }
}
