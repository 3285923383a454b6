namespace KadOrleans.Node;

/// <summary>
/// How many of upkeep's STOREs are under way to each contact: a region's values all go to the same few, whose buffers and limits they must
/// not exceed. A contact that answers none of several is left out for a while, and one that takes far longer than most gets what it has room
/// for, so that the others need not wait for it.
/// </summary>
internal sealed class ContactWindows(TimeProvider time)
{
    /// <summary>
    /// At first, and at least. Of 1,100 bytes at most, so they fit a third of a socket's usual 212,992. At a round trip of 50 ms it is 1,280 a second.
    /// </summary>
    public const int Size = 64;

    /// <summary>
    /// Once the contact answers in time. At a round trip of 70 ms 280 are 4,000 a second, which a sweep sends at most. A socket's usual buffer has
    /// room for 277 datagrams of a short value, and for 92 of the longest; who loses one gets fewer.
    /// </summary>
    public const int Largest = 512;

    /// <summary>Consecutive STOREs without an answer, each sent twice.</summary>
    public const int MostUnanswered = 3;

    /// <summary>Contacts of which something is noted though nothing is under way. Beyond that what is noted of them is forgotten.</summary>
    public const int Capacity = 4_096;

    /// <summary>
    /// A contact that answers faster on average is waited for: it takes 256 values a second. One that answers more slowly gets no more at once.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.25);

    /// <summary>How much longer than half of the contacts one takes that is not waited for: else the own upload may be what is slow.</summary>
    public const int SlowFactor = 2;

    /// <summary>An answer that took so much longer than the contact's usual ones was lost once, or waited behind too many.</summary>
    private const int LostFactor = 3;

    /// <summary>How long a contact is left out. After that it gets one value at a time until it answers.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The share of the last STOREs with an answer below which this node is cut off, or does not keep up: then no contact is to blame. Where a
    /// fifth of the contacts has left it is above three quarters.
    /// </summary>
    public const double FewestAnswers = 0.5;

    /// <summary>How long it may take until it shows that this node is cut off: a request ends within seconds.</summary>
    private static readonly TimeSpan Ceasing = TimeSpan.FromSeconds(30);

    // Of the last answers of a contact, by their number, and of the last ones of all.
    private const double NewestShare = 1.0 / 16;
    private const double NewestShareOfAll = 1.0 / 64;

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpEndpoint, Window> _windows = [];
    private double _answers = 1;
    private long _tickets;

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
    /// Waits until all of the contacts have room at once, so that none is kept for who waits for another. Dispose the pass: it has those contacts
    /// that are not left out. Up to half of them may be missing as they are too slow.
    /// </summary>
    public async Task<ContactPass> EnterAsync(IReadOnlyList<Contact> contacts, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(contacts);
        lock (_gate)
        {
            waiter.Ticket = _tickets++;
            EnterOrWait(waiter);
        }

        // What waits for room gets it: a request ends within seconds. So who is cancelled need not leave the queue.
        var pass = new ContactPass(this, time);
        foreach (var contact in await waiter.Entered.Task)
        {
            pass.Add(contact);
        }

        if (cancellationToken.IsCancellationRequested)
        {
            pass.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
        }

        return pass;
    }

    /// <summary>Those of the contacts that have room now. Dispose the pass.</summary>
    public ContactPass TryEnter(IReadOnlyList<Contact> contacts)
    {
        var pass = new ContactPass(this, time);
        TryEnter(pass, contacts);
        return pass;
    }

    /// <summary>Adds those of the contacts that have room now to a pass.</summary>
    public void TryEnter(ContactPass pass, IReadOnlyList<Contact> contacts)
    {
        List<Contact> taken;
        lock (_gate)
        {
            taken = Take(contacts);
        }

        taken.ForEach(pass.Add);
    }

    /// <summary>Whether a contact is left out now.</summary>
    public bool IsLeftOut(UdpEndpoint endpoint)
    {
        lock (_gate)
        {
            return _windows.TryGetValue(endpoint, out var window) && IsLeftOut(window);
        }
    }

    /// <summary>Gives room back.</summary>
    /// <param name="endpoint">The contact's.</param>
    /// <param name="hasAnswered">Null: nothing was sent.</param>
    /// <param name="took">How long the contact had, if something was sent.</param>
    internal void Exit(UdpEndpoint endpoint, bool? hasAnswered, TimeSpan took)
    {
        lock (_gate)
        {
            var window = _windows[endpoint];
            var wasSlow = window.IsSlow;
            if (hasAnswered is { } answered)
            {
                Note(window, answered, took);
            }

            window.UnderWay--;

            LetGo(window, all: IsLeftOut(window) || (window.IsSlow && !wasSlow));
            if (window is { UnderWay: 0, Unanswered: 0, Took: null })
            {
                _windows.Remove(endpoint);
            }
        }
    }

    // Within the lock, as all that follow.
    private void Note(Window window, bool hasAnswered, TimeSpan took)
    {
        var wasCutOff = _answers < FewestAnswers;
        _answers += NewestShareOfAll * ((hasAnswered ? 1 : 0) - _answers);
        if (!hasAnswered && _answers < FewestAnswers)
        {
            if (!wasCutOff)
            {
                Forgive();
            }

            return;
        }

        window.Unanswered = hasAnswered ? 0 : window.Unanswered + 1;
        window.IsOnTrial &= !hasAnswered;
        if (window.Unanswered == MostUnanswered)
        {
            window.LeftOutAt = time.GetTimestamp();
        }

        Adapt(window, hasAnswered, took);
        window.Took = window.Took is { } before ? before + (NewestShare * (took - before)) : took;
        window.IsSlow = window.Took > Patience && window.Took > SlowFactor * GetUsualTime();
    }

    // Contacts that were found silent while the answers ceased.
    private void Forgive()
    {
        foreach (var window in _windows.Values.Where(window => !IsLeftOut(window) || time.GetElapsedTime(window.LeftOutAt) < Ceasing))
        {
            (window.Unanswered, window.IsOnTrial) = (0, false);
        }
    }

    // One more once all that fit were answered in time, and half if one is lost: that is sent again, and then takes longer. So few are lost before
    // it shows that too many were sent.
    private static void Adapt(Window window, bool hasAnswered, TimeSpan took)
    {
        if (!hasAnswered || took > LostFactor * (window.Took ?? Patience))
        {
            (window.Room, window.InTime) = (Math.Max(window.Room / 2, Size), 0);
        }
        else if (window.UnderWay > window.Room / 2 && took < Patience && ++window.InTime >= window.Room)
        {
            (window.Room, window.InTime) = (Math.Min(window.Room + 1, Largest), 0);
        }
    }

    // That of half of the contacts. Called for slow ones alone.
    private TimeSpan GetUsualTime()
    {
        TimeSpan[] times = [.. _windows.Values.Select(static window => window.Took).OfType<TimeSpan>().Order()];
        return times[times.Length / 2];
    }

    private static bool HasRoom(Window window) => window.UnderWay < (window.IsOnTrial ? 1 : window.Room);

    /// <summary>Those who waited for this contact go on: all, or as many as it has room for. Some wait for another one then.</summary>
    private void LetGo(Window window, bool all)
    {
        var before = window.Waiting;
        if (all && before.Count > 0)
        {
            window.Waiting = new();
        }

        while (before.Count > 0 && (all || HasRoom(window)))
        {
            EnterOrWait(before.Dequeue());
        }
    }

    // Who has waited for longest is first.
    private void EnterOrWait(Waiter waiter)
    {
        if (FindFull(waiter.Contacts) is { } full)
        {
            full.Waiting.Enqueue(waiter, waiter.Ticket);
        }
        else
        {
            waiter.Entered.TrySetResult(Take(waiter.Contacts));
        }
    }

    /// <summary>A contact without room that has to be waited for.</summary>
    private Window? FindFull(IReadOnlyList<Contact> contacts)
    {
        var mayMiss = contacts.Count / 2;
        Window? full = null;
        foreach (var contact in contacts)
        {
            if (_windows.TryGetValue(contact.Endpoint, out var window) && !IsLeftOut(window) && !HasRoom(window)
                && !((window.IsSlow || window.IsOnTrial) && mayMiss-- > 0))
            {
                full = window;
            }
        }

        return full;
    }

    private List<Contact> Take(IReadOnlyList<Contact> contacts)
    {
        var taken = new List<Contact>(contacts.Count);
        foreach (var contact in contacts)
        {
            var window = Open(contact.Endpoint);
            if (!IsLeftOut(window) && HasRoom(window))
            {
                window.UnderWay++;
                taken.Add(contact);
            }
        }

        return taken;
    }

    private Window Open(UdpEndpoint endpoint)
    {
        if (!_windows.TryGetValue(endpoint, out var window))
        {
            MakeRoom();
            _windows.Add(endpoint, window = new Window());
        }

        return window;
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

        (window.Unanswered, window.IsOnTrial) = (MostUnanswered - 1, true);
        return false;
    }

    private sealed class Window
    {
        public int UnderWay { get; set; }

        /// <summary>How many may be under way.</summary>
        public int Room { get; set; } = Size;

        /// <summary>Answers in time since that changed, while more than half as many were under way.</summary>
        public int InTime { get; set; }

        public int Unanswered { get; set; }

        public long LeftOutAt { get; set; }

        /// <summary>The average of the last ones. Null before the first has ended.</summary>
        public TimeSpan? Took { get; set; }

        public bool IsSlow { get; set; }

        /// <summary>It was left out, and has not answered since.</summary>
        public bool IsOnTrial { get; set; }

        /// <summary>Those who need room here, by when they came.</summary>
        public PriorityQueue<Waiter, long> Waiting { get; set; } = new();
    }

    private sealed class Waiter(IReadOnlyList<Contact> contacts)
    {
        public IReadOnlyList<Contact> Contacts => contacts;

        public long Ticket { get; set; }

        public TaskCompletionSource<IReadOnlyList<Contact>> Entered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
