namespace KadOrleans.Core.Routing;

/// <summary>Verified contacts that wait for a place in a full bucket, newest last (Kademlia §4.1).</summary>
internal sealed class ReplacementCache(int capacity)
{
    public List<Replacement> Items { get; } = [];

    // In place of any other of its id. The oldest gives way, so a stranger can push out others that wait, but no contact of a
    // bucket.
    public void Put(Replacement replacement)
    {
        Remove(replacement.Contact.Id);
        Items.Add(replacement);
        if (Items.Count > capacity)
        {
            Items.RemoveAt(0);
        }
    }

    /// <summary>So that each network (/24 or /48) has at most one place.</summary>
    public void Remove(SourceNetwork network) =>
        Items.RemoveAll(item => SourceNetwork.SubnetOf(item.Contact.Endpoint) == network);

    public bool Remove(NodeId id)
    {
        var index = IndexOf(id);
        if (index >= 0)
        {
            Items.RemoveAt(index);
        }

        return index >= 0;
    }

    public bool Remove(Contact contact) =>
        IndexOf(contact.Id) is >= 0 and var index && Items[index].Contact == contact && Remove(contact.Id);

    public int IndexOf(NodeId id)
    {
        var index = Items.Count - 1;
        while (index >= 0 && Items[index].Contact.Id != id)
        {
            index--;
        }

        return index;
    }
}

internal readonly record struct Replacement(Contact Contact, DateTimeOffset LastSeen);
