namespace KadOrleans.Core;

/// <summary>
/// What surveys found of the network, for as long as it is likely to hold: the k nearest of a key whose region is known, without a lookup.
/// Not safe for several threads.
/// </summary>
internal sealed class SurveyedRegions
{
    /// <summary>
    /// How long a survey is used: for three intervals of upkeep. Nodes that come and go meanwhile are noted: <see cref="Join"/>, <see cref="Leave"/>.
    /// </summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(3);

    /// <summary>How long a range is not surveyed again after a survey of it that was led astray.</summary>
    public static readonly TimeSpan UnknownFor = TimeSpan.FromHours(1);

    /// <summary>Surveys kept: 15,000 contacts, 3 MB. Beyond that the oldest is forgotten; a sweep goes by ascending keys.</summary>
    public const int Capacity = 256;

    /// <summary>
    /// How long a contact that did not answer is left out, and a range is not surveyed again of which too few answered. Then they are asked again, as
    /// answers may have been lost.
    /// </summary>
    public static readonly TimeSpan Absence = TimeSpan.FromMinutes(10);

    /// <summary>Contacts that are left out: a third of what is kept. Beyond that the first is asked again.</summary>
    public const int MostGone = 4_096;

    // The latest survey is the first.
    private readonly LinkedList<(RegionSurvey Survey, TimeSpan At)> _surveys = new();
    private readonly Dictionary<UdpEndpoint, TimeSpan> _gone = [];

    // The first one first. Those that came back are no longer in _gone, or with a later time.
    private readonly Queue<(UdpEndpoint Endpoint, TimeSpan At)> _left = new();
    private readonly List<(BucketRange Range, TimeSpan Until)> _unknown = [];

    /// <summary>How many leading bits the keys of one survey share, by the last one: networks are about as dense everywhere. Null without one.</summary>
    public int? Depth => _surveys.First?.Value.Survey.Depth;

    public int Count => _surveys.Count;

    /// <summary>Contacts that are left out, with those that came back of late.</summary>
    public int Gone => _left.Count;

    /// <param name="survey">The survey.</param>
    /// <param name="at">When it ended, by a clock that no one sets.</param>
    public void Add(RegionSurvey survey, TimeSpan at)
    {
        Forget(at);
        if (_surveys.Count == Capacity)
        {
            _surveys.RemoveLast();
        }

        _surveys.AddFirst((survey, at));
        foreach (var contact in survey.Nodes)
        {
            _gone.Remove(contact.Endpoint);
        }
    }

    /// <summary>A contact has come, and answered.</summary>
    public void Join(Contact contact)
    {
        foreach (var (survey, _) in _surveys)
        {
            survey.Join(contact);
        }

        _gone.Remove(contact.Endpoint);
    }

    /// <summary>A survey of a range told nothing, and another one would not either, for so long.</summary>
    public void AddUnknown(BucketRange range, TimeSpan at, TimeSpan length)
    {
        Forget(at);
        if (_unknown.Count == Capacity)
        {
            _unknown.RemoveAt(0);
        }

        _unknown.Add((range, at + length));
    }

    /// <summary>Whether a survey for the key was cut short of late.</summary>
    public bool IsUnknown(NodeId key, TimeSpan at)
    {
        Forget(at);
        return _unknown.Any(one => one.Range.Contains(key));
    }

    /// <summary>A contact does not answer any more. It does not count until it answers a ping for a place in the table, or for <see cref="Absence"/>.</summary>
    public void Leave(UdpEndpoint endpoint, TimeSpan at)
    {
        Forget(at);
        if (_gone.ContainsKey(endpoint))
        {
            return;
        }

        if (_left.Count == MostGone)
        {
            ForgetFirstGone();
        }

        _gone.Add(endpoint, at);
        _left.Enqueue((endpoint, at));
    }

    /// <summary>
    /// The k nearest to a key, nearest first, by the last survey within whose reach they all are. Null if there is none; empty where that one names nobody,
    /// though an older one might: what led a path astray may have come since.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="at">The time.</param>
    /// <param name="others">Contacts that do not count, beside those that have left.</param>
    public IReadOnlyList<Contact>? FindClosest(NodeId key, TimeSpan at, IReadOnlyCollection<Contact>? others = null)
    {
        Forget(at);
        foreach (var (survey, _) in _surveys)
        {
            if (survey.FindClosest(key, IsLeftOut) is { } closest)
            {
                return closest;
            }
        }

        return null;

        bool IsLeftOut(UdpEndpoint endpoint) => _gone.ContainsKey(endpoint) || others?.Any(other => other.Endpoint == endpoint) == true;
    }

    private void Forget(TimeSpan now)
    {
        while (_surveys.Last is { } last && now - last.Value.At >= Life)
        {
            _surveys.RemoveLast();
        }

        _unknown.RemoveAll(one => now >= one.Until);

        while (_left.TryPeek(out var left) && now - left.At >= Absence)
        {
            ForgetFirstGone();
        }
    }

    private void ForgetFirstGone()
    {
        var (endpoint, at) = _left.Dequeue();
        if (_gone.TryGetValue(endpoint, out var leftAt) && leftAt == at)
        {
            _gone.Remove(endpoint);
        }
    }
}
