namespace KadOrleans.Node;

/// <summary>
/// How many of upkeep's STOREs are under way to each contact: a region's values all go to the same few, whose buffers and limits they must
/// not exceed. A contact that answers none of several is left out for a while.
/// </summary>
internal sealed class ContactWindows(TimeProvider time)
{
    /// <summary>
    /// At first, and beyond those that are on their way: as many may wait at a contact. Of 1,100 bytes at most, so they fit a third of a socket's
    /// usual 212,992. At a round trip of 50 ms 64 are 1,280 a second.
    /// </summary>
    public const int Size = 64;

    /// <summary>In all, on their way or waiting there: at a round trip of 80 ms they are 4,000 a second, which a sweep sends at most.</summary>
    public const int Largest = 320;

    /// <summary>
    /// Consecutive STOREs without an answer, each sent twice, for which a contact is to blame if others had as many answers meanwhile. Else it may be
    /// this node that is cut off, whose few contacts would all be left out before it shows in the share of answers.
    /// </summary>
    public const int MostUnanswered = 3;

    /// <summary>Contacts of which something is noted though nothing is under way. Beyond that what is noted of them is forgotten.</summary>
    public const int Capacity = 4_096;

    /// <summary>How long a contact is left out. After that one STORE without an answer leaves it out again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(10);

    /// <summary>
    /// The share of the last STOREs with an answer below which this node is cut off, or does not keep up: then no contact is to blame. Where a
    /// fifth of the contacts has left it is above three quarters.
    /// </summary>
    public const double FewestAnswers = 0.5;

    /// <summary>
    /// Consecutive STOREs of one contact without an answer, while others had as many answers, for which it is to blame nevertheless: a node that
    /// does not keep up, and gets one answer in five, has so many in a row once in a million times.
    /// </summary>
    public const int MostSilent = 64;

    /// <summary>How long it may take until it shows that this node is cut off: a request ends within seconds.</summary>
    private static readonly TimeSpan Ceasing = TimeSpan.FromSeconds(30);

    // How many of the last answers of a contact its averages have, and what share the newest one of all contacts has in theirs.
    private const int Averaged = 128;
    private const double NewestShareOfAll = 1.0 / 64;

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly Dictionary<UdpEndpoint, Window> _windows = [];
    private double _answers = 1;
    private long _answered;

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
        var pass = new ContactPass(this, time);
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
        foreach (var contact in contacts)
        {
            lock (_gate)
            {
                var window = Open(contact.Endpoint);
                if (IsLeftOut(window) || window.UnderWay >= RoomOf(window))
                {
                    continue;
                }

                window.UnderWay++;
            }

            pass.Add(contact);
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

    /// <summary>Gives room back.</summary>
    /// <param name="endpoint">The contact's.</param>
    /// <param name="hasAnswered">Whether the contact answered. Null if nothing was sent.</param>
    /// <param name="took">How long the contact had, if something was sent.</param>
    internal void Exit(UdpEndpoint endpoint, bool? hasAnswered, TimeSpan took)
    {
        lock (_gate)
        {
            var window = _windows[endpoint];
            window.UnderWay--;
            if (hasAnswered is { } answered)
            {
                Record(window, answered, took);
            }

            var ended = EndWaits(window);
            if (window is { UnderWay: 0, Unanswered: 0 })
            {
                _windows.Remove(endpoint);
            }

            ended.ForEach(static end => end.One.TrySetResult(end.HasRoom));
        }
    }

    // Called within the lock, as are all methods that follow.
    private void Record(Window window, bool hasAnswered, TimeSpan took)
    {
        var wasCutOff = _answers < FewestAnswers;
        _answers += NewestShareOfAll * ((hasAnswered ? 1 : 0) - _answers);
        _answered += hasAnswered ? 1 : 0;
        (window.Silent, window.AnsweredBefore) = hasAnswered ? (0, 0) : (window.Silent + 1, window.Silent == 0 ? _answered : window.AnsweredBefore);
        if (!hasAnswered && _answers < FewestAnswers)
        {
            if (window.Silent >= MostSilent && _answered - window.AnsweredBefore >= MostSilent)
            {
                // Others answer meanwhile: most contacts are silent, and this node is not cut off.
                (window.Unanswered, window.LeftOutAt) = (MostUnanswered, time.GetTimestamp());
                return;
            }

            if (!wasCutOff)
            {
                Forgive();
            }

            return;
        }

        if (hasAnswered)
        {
            window.Unanswered = 0;
        }
        else if (window.Unanswered + 1 < MostUnanswered)
        {
            window.Unanswered++;
        }
        else if (window.Unanswered < MostUnanswered && _answered - window.AnsweredBefore >= MostUnanswered)
        {
            (window.Unanswered, window.LeftOutAt) = (MostUnanswered, time.GetTimestamp());
        }

        window.Measure(took, time.GetTimestamp(), time.TimestampFrequency);
    }

    // Contacts that were found silent while the answers ceased.
    private void Forgive()
    {
        foreach (var window in _windows.Values.Where(window => !IsLeftOut(window) || time.GetElapsedTime(window.LeftOutAt) < Ceasing))
        {
            window.Unanswered = 0;
        }
    }

    private static int RoomOf(Window window) => Math.Min(Size + window.OnTheirWay, Largest);

    // Those who get room, or none as the contact is left out.
    private List<(TaskCompletionSource<bool> One, bool HasRoom)> EndWaits(Window window)
    {
        List<(TaskCompletionSource<bool>, bool)> ended = [];
        var isLeftOut = IsLeftOut(window);
        while (window.Waiting.Count > 0 && (isLeftOut || window.UnderWay < RoomOf(window)))
        {
            window.UnderWay += isLeftOut ? 0 : 1;
            ended.Add((window.Waiting.Dequeue(), !isLeftOut));
        }

        return ended;
    }

    // False if the contact is left out.
    private async Task<bool> EnterAsync(UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool> room;
        lock (_gate)
        {
            var window = Open(endpoint);
            if (IsLeftOut(window))
            {
                return false;
            }

            if (window.UnderWay < RoomOf(window))
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
            Exit(endpoint, null, default);
            cancellationToken.ThrowIfCancellationRequested();
        }

        return hasRoom;
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

        window.Unanswered = MostUnanswered - 1;
        return false;
    }

    private sealed class Window
    {
        // In ticks of the clock: the average pause between two that end, and the least average of what they took.
        private double _pause;
        private double _least = double.MaxValue;

        // The average of what the last ones took; null before the first has ended.
        private TimeSpan? _took;
        private long? _endedAt;
        private int _ended;

        public int UnderWay { get; set; }

        public int Unanswered { get; set; }

        public long LeftOutAt { get; set; }

        /// <summary>Consecutive STOREs without an answer, whoever is to blame, and how many of all contacts had an answer before them.</summary>
        public int Silent { get; set; }

        public long AnsweredBefore { get; set; }

        /// <summary>
        /// How many the contact takes within the least time that they took on average, so that is what is on the way to it or back. What is under
        /// way beyond that waits there.
        /// </summary>
        public int OnTheirWay { get; private set; }

        public Queue<TaskCompletionSource<bool>> Waiting { get; } = new();

        /// <summary>Counts one that has ended.</summary>
        public void Measure(TimeSpan took, long now, long frequency)
        {
            // The first ones are averaged evenly: a single one says little of the least.
            var share = 1.0 / Math.Min(++_ended, Averaged);
            _took = _took is { } before ? before + (share * (took - before)) : took;
            _pause += share * (now - (_endedAt ?? now) - _pause);
            _endedAt = now;
            if (_ended >= Averaged)
            {
                _least = Math.Min(_least, _took.Value.TotalSeconds * frequency);
                OnTheirWay = (int)Math.Min(_least / Math.Max(1, _pause), Largest);
            }
        }
    }
}
