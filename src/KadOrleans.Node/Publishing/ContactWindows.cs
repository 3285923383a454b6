namespace KadOrleans.Node;

/// <summary>
/// How many of upkeep's STOREs are under way to each contact: a region's values all go to the same few, whose buffers and limits they must
/// not exceed. A contact that answers none of several is left out for a while, so that the others need not wait for it.
/// </summary>
internal sealed class ContactWindows(TimeProvider time)
{
    /// <summary>Of 1,100 bytes at most, so they fit a third of a socket's usual 212,992. At a round trip of 50 ms it is 1,280 a second.</summary>
    public const int Size = 64;

    /// <summary>Consecutive STOREs without an answer, each sent twice.</summary>
    public const int MostUnanswered = 3;

    /// <summary>Contacts of which something is noted though nothing is under way. Beyond that what is noted of them is forgotten.</summary>
    public const int Capacity = 4_096;

    /// <summary>How long a contact is left out.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpEndpoint, Window> _windows = [];

    /// <summary>Contacts with something under way, or of which something is noted.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _windows.Count;
            }
        }
    }

    /// <summary>Contacts that are left out now.</summary>
    public int LeftOut
    {
        get
        {
            lock (_gate)
            {
                return _windows.Values.Count(IsLeftOut);
            }
        }
    }

    /// <summary>
    /// Waits until each of the contacts has room, in an order that is the same for all who wait. Dispose the pass: it has those contacts that
    /// are not left out.
    /// </summary>
    public async Task<ContactPass> EnterAsync(IReadOnlyList<Contact> contacts, CancellationToken cancellationToken)
    {
        var pass = new ContactPass(this);
        try
        {
            foreach (var contact in contacts.OrderBy(contact => (contact.Endpoint.AddressHigh, contact.Endpoint.AddressLow, contact.Endpoint.Port)))
            {
                if (await EnterAsync(contact.Endpoint, cancellationToken))
                {
                    pass.Add(contact);
                }
            }

            return pass;
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    /// <summary>Whether a contact is left out now.</summary>
    public bool IsLeftOut(UdpEndpoint endpoint)
    {
        lock (_gate)
        {
            return _windows.TryGetValue(endpoint, out var window) && IsLeftOut(window);
        }
    }

    /// <summary>Null: nothing was sent.</summary>
    internal void Exit(UdpEndpoint endpoint, bool? hasAnswered)
    {
        List<TaskCompletionSource<bool>> ended = [];
        lock (_gate)
        {
            var window = _windows[endpoint];
            window.UnderWay--;
            window.Unanswered = hasAnswered is null ? window.Unanswered : hasAnswered.Value ? 0 : window.Unanswered + 1;
            if (window.Unanswered == MostUnanswered)
            {
                window.LeftOutAt = time.GetTimestamp();
            }

            var isLeftOut = IsLeftOut(window);
            while (window.Waiting.Count > 0 && (isLeftOut || window.UnderWay < Size))
            {
                window.UnderWay += isLeftOut ? 0 : 1;
                ended.Add(window.Waiting.Dequeue());
            }

            if (window is { UnderWay: 0, Unanswered: 0 })
            {
                _windows.Remove(endpoint);
            }

            ended.ForEach(one => one.TrySetResult(!isLeftOut));
        }
    }

    private async Task<bool> EnterAsync(UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> room;
        lock (_gate)
        {
            if (!_windows.TryGetValue(endpoint, out var window))
            {
                MakeRoom();
                _windows.Add(endpoint, window = new Window());
            }

            if (IsLeftOut(window))
            {
                return false;
            }

            if (window.UnderWay < Size)
            {
                window.UnderWay++;
                return true;
            }

            room = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            window.Waiting.Enqueue(room);
        }

        // What waits for room gets it: a request ends within seconds. So who is cancelled need not leave the queue.
        var hasRoom = await room.Task;
        if (hasRoom && cancellationToken.IsCancellationRequested)
        {
            Exit(endpoint, null);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return hasRoom;
    }

    private void MakeRoom()
    {
        if (_windows.Count >= Capacity)
        {
            foreach (var (endpoint, _) in _windows.Where(static window => window.Value.UnderWay == 0).ToList())
            {
                _windows.Remove(endpoint);
            }
        }
    }

    private bool IsLeftOut(Window window)
    {
        if (window.Unanswered < MostUnanswered)
        {
            return false;
        }

        if (time.GetElapsedTime(window.LeftOutAt) < Pause)
        {
            return true;
        }

        window.Unanswered = 0;
        return false;
    }

    private sealed class Window
    {
        public int UnderWay { get; set; }

        public int Unanswered { get; set; }

        public long LeftOutAt { get; set; }

        public Queue<TaskCompletionSource<bool>> Waiting { get; } = new();
    }
}

/// <summary>The contacts that have room for one value of upkeep.</summary>
internal sealed class ContactPass(ContactWindows windows) : IDisposable
{
    // Guards all lists.
    private readonly Lock _gate = new();
    private readonly List<UdpEndpoint> _open = [];
    private readonly List<Contact> _contacts = [];
    private readonly List<Contact> _unanswered = [];

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

        if (TryTake(contact.Endpoint))
        {
            windows.Exit(contact.Endpoint, hasAnswered);
        }
    }

    /// <summary>Gives the room back that was not used.</summary>
    public void Dispose()
    {
        foreach (var contact in _contacts)
        {
            if (TryTake(contact.Endpoint))
            {
                windows.Exit(contact.Endpoint, null);
            }
        }
    }

    private bool TryTake(UdpEndpoint endpoint)
    {
        lock (_gate)
        {
            return _open.Remove(endpoint);
        }
    }
}
