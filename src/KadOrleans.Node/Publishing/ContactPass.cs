namespace KadOrleans.Node;

/// <summary>The contacts that have room for one value of upkeep.</summary>
internal sealed class ContactPass(ContactWindows windows, TimeProvider time) : IDisposable
{
    // Guards the three lists.
    private readonly Lock _gate = new();
    private readonly List<UdpEndpoint> _open = [];
    private readonly List<Contact> _contacts = [];
    private readonly List<Contact> _unanswered = [];
    private long _begunAt;

    public IReadOnlyList<Contact> Contacts => _contacts;

    /// <summary>Those that did not answer so far.</summary>
    public IReadOnlyList<Contact> Unanswered
    {
        get
        {
            lock (_gate)
            {
                return [.. _unanswered];
            }
        }
    }

    public void Add(Contact contact)
    {
        lock (_gate)
        {
            _contacts.Add(contact);
            _open.Add(contact.Endpoint);
        }
    }

    /// <summary>All STOREs begin.</summary>
    public void Begin() => _begunAt = time.GetTimestamp();

    /// <summary>A STORE has ended.</summary>
    public void End(Contact contact, bool hasAnswered)
    {
        lock (_gate)
        {
            if (!hasAnswered)
            {
                _unanswered.Add(contact);
            }
        }

        if (TryClose(contact.Endpoint))
        {
            windows.Exit(contact.Endpoint, hasAnswered, time.GetElapsedTime(_begunAt));
        }
    }

    /// <summary>Gives the room back that was not used.</summary>
    public void Dispose()
    {
        foreach (var contact in _contacts)
        {
            if (TryClose(contact.Endpoint))
            {
                windows.Exit(contact.Endpoint, null, default);
            }
        }
    }

    private bool TryClose(UdpEndpoint endpoint)
    {
        lock (_gate)
        {
            return _open.Remove(endpoint);
        }
    }
}
