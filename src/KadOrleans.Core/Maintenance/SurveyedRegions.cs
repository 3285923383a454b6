namespace KadOrleans.Core;

/// <summary>
/// What surveys found of the network, for as long as it is likely to hold: the k nearest of a key whose region is known, without a lookup.
/// Not safe for several threads.
/// </summary>
internal sealed class SurveyedRegions
{
    /// <summary>How long a survey is used. Nodes that come and go meanwhile are noted: <see cref="Join"/>, <see cref="Leave"/>.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(1);

    /// <summary>Surveys kept: 15,000 contacts, 3 MB. Beyond that the oldest is forgotten; a sweep goes by ascending keys.</summary>
    public const int Capacity = 256;

    // The last one first.
    private readonly LinkedList<(RegionSurvey Survey, TimeSpan At)> _surveys = new();
    private readonly Dictionary<UdpEndpoint, TimeSpan> _gone = [];
    private readonly Queue<(BucketRange Range, TimeSpan At)> _unknown = new();

    /// <summary>How many leading bits the keys of one survey share, by the last one: networks are about as dense everywhere. Null before.</summary>
    public int? Depth { get; private set; }

    public int Count => _surveys.Count;

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
        Depth = survey.Depth;
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

    /// <summary>A survey of a range was cut short: another one would be, too.</summary>
    public void AddUnknown(BucketRange range, TimeSpan at)
    {
        Forget(at);
        if (_unknown.Count == Capacity)
        {
            _unknown.Dequeue();
        }

        _unknown.Enqueue((range, at));
    }

    /// <summary>Whether a survey for the key was cut short of late.</summary>
    public bool IsUnknown(NodeId key, TimeSpan at)
    {
        Forget(at);
        return _unknown.Any(one => one.Range.Contains(key));
    }

    /// <summary>A contact does not answer any more. It does not count until a later survey has its answer.</summary>
    public void Leave(UdpEndpoint endpoint, TimeSpan at)
    {
        Forget(at);
        _gone[endpoint] = at;
    }

    /// <summary>The k nearest to a key, nearest first. Null if they are not known.</summary>
    public IReadOnlyList<Contact>? FindClosest(NodeId key, TimeSpan at)
    {
        Forget(at);
        foreach (var (survey, _) in _surveys)
        {
            if (survey.FindClosest(key, _gone.ContainsKey) is { } closest)
            {
                return closest;
            }
        }

        return null;
    }

    private void Forget(TimeSpan now)
    {
        while (_surveys.Last is { } last && now - last.Value.At >= Life)
        {
            _surveys.RemoveLast();
        }

        while (_unknown.TryPeek(out var first) && now - first.At >= Life)
        {
            _unknown.Dequeue();
        }

        if (_surveys.Count == 0)
        {
            _gone.Clear();
        }
    }
}
