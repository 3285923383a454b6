namespace KadOrleans.Node;

/// <summary>
/// Finds the k nearest contacts of keys whose values are sent out together: one survey for each region of the key space that has enough of
/// them. A key has a lookup of its own where few are due, and where the survey does not tell: it was cut short by somebody who invents
/// contacts, one path of it alone knows most of those near the key, or they are nearer to it than the network's size allows.
/// </summary>
internal sealed class SweepLookups(DhtNode node, TimeProvider time)
{
    /// <summary>A survey asks some 80 nodes, a lookup some 23.</summary>
    public const int FewestKeys = 4;

    /// <summary>Surveys that a key waits for. Regions differ in size, so it may be just outside of the first.</summary>
    private const int MostSurveys = 2;

    /// <summary>How often the k nearest are looked at: each time, those that have left make room for others.</summary>
    private const int MostTries = 6;

    /// <summary>A survey finds three times k nodes, a region of upkeep has up to k and from half of that.</summary>
    private const int DepthOfSurvey = 2;

    /// <summary>A survey's requests, for the bound on upload.</summary>
    private const int SurveyRequests = 80;

    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly SurveyedRegions _regions = new();
    private readonly List<(NodeId Target, Task Ended)> _underWay = [];
    private readonly long _startedAt = time.GetTimestamp();

    /// <summary>Those of a node, which tells them who comes.</summary>
    public static SweepLookups Of(DhtNode node, TimeProvider time)
    {
        var lookups = new SweepLookups(node, time);
        node.ContactProved += lookups.Join;
        return lookups;
    }

    private TimeSpan Now => time.GetElapsedTime(_startedAt);

    /// <summary>How many leading bits keys of one region share: as of the last survey, before by the size of the network.</summary>
    public int Depth
    {
        get
        {
            lock (_gate)
            {
                // No deeper than a region of upkeep: who crowds one survey must not have all other keys looked up one by one.
                var depth = node.RegionDepth;
                return Math.Min(_regions.Depth ?? Math.Max(0, depth - DepthOfSurvey), depth);
            }
        }
    }

    /// <summary>The k nearest contacts. All have answered a request of this node, within minutes if they give write tokens.</summary>
    /// <param name="key">The key.</param>
    /// <param name="keysNear">How many keys of its region go out within an hour, by their <see cref="Depth"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The contacts; those of a survey have no requests of their own.</returns>
    public async Task<LookupOutcome> FindHoldersAsync(NodeId key, int keysNear, CancellationToken cancellationToken)
    {
        for (var (surveys, tries) = (0, 0); tries < MostTries; tries++)
        {
            if (Find(key) is { } known)
            {
                if (!IsUsable(known))
                {
                    break;
                }

                if (await AreThereAsync(known.Closest))
                {
                    return known;
                }
            }
            else if (keysNear < FewestKeys || surveys++ == MostSurveys || IsUnknown(key))
            {
                break;
            }
            else
            {
                await JoinSurvey(key, cancellationToken);
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        node.Metrics.Add(NodeMetrics.SweepLookups);
        return await node.Publisher.FindHoldersAsync(key, cancellationToken);
    }

    /// <summary>
    /// The contacts that take the places of those that did not answer, or have no room: of a region that is known, at once. None where a lookup
    /// of its own had found the holders, and where one path alone knows most of those that are left.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="asked">All that were found so far.</param>
    /// <param name="missing">Those of them that do not get the value. They do not leave the region: a datagram may have been lost.</param>
    public IReadOnlyList<Contact> Replace(NodeId key, IReadOnlyList<Contact> asked, IReadOnlyCollection<Contact> missing) =>
        Find(key) is { } known && IsUsable(known) && Find(key, missing) is { } others && IsUsable(others)
            ? [.. others.Closest.Except(asked).Take(missing.Count)]
            : [];

    /// <summary>A contact has come, and answered.</summary>
    public void Join(Contact contact)
    {
        lock (_gate)
        {
            _regions.Join(contact);
        }
    }

    /// <summary>A contact answers no more.</summary>
    public void Leave(Contact contact)
    {
        lock (_gate)
        {
            _regions.Leave(contact.Endpoint, Now);
        }
    }

    private static bool IsUsable(LookupOutcome known) => known.Crowded == 0 && known.Closest.Count > 0;

    // Whether all have answered within minutes: one that has not is pinged, for a write token, which it needs anyway.
    private async Task<bool> AreThereAsync(IReadOnlyList<Contact> contacts)
    {
        var silent = (await Task.WhenAll(contacts.Select(FindIfSilentAsync))).OfType<Contact>().ToList();
        silent.ForEach(Leave);
        return silent.Count == 0;

        async Task<Contact?> FindIfSilentAsync(Contact contact) => await node.Tokens.GetAsync(contact) is null ? contact : null;
    }

    private bool IsUnknown(NodeId key)
    {
        lock (_gate)
        {
            return _regions.IsUnknown(key, Now);
        }
    }

    private LookupOutcome? Find(NodeId key, IReadOnlyCollection<Contact>? others = null)
    {
        IReadOnlyList<Contact>? closest;
        lock (_gate)
        {
            closest = _regions.FindClosest(key, Now, others);
        }

        return closest is null ? null : node.CountCrowded(new LookupOutcome
        {
            Target = key,
            Reason = TerminationReason.Converged,
            Closest = closest,
            AnsweredContacts = closest,
            Asked = 0,
            Answered = 0,
            Failed = 0,
            Hops = 0,
        });
    }

    // The survey under way that may cover the key, or a new one.
    private Task JoinSurvey(NodeId key, CancellationToken cancellationToken)
    {
        var depth = Depth;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            var at = _underWay.FindIndex(one => one.Target.CommonPrefixLength(key) >= depth);
            if (at >= 0)
            {
                return _underWay[at].Ended;
            }

            _underWay.Add((key, ended.Task));
        }

        _ = SurveyAsync(new BucketRange(key, depth), key, ended, cancellationToken);
        return ended.Task;
    }

    private async Task SurveyAsync(BucketRange range, NodeId target, TaskCompletionSource ended, CancellationToken cancellationToken)
    {
        RegionSurvey? survey = null;
        TimeSpan? unknownFor = null;
        try
        {
            await node.Upload.WaitAsync(default, stores: 0, SurveyRequests, cancellationToken);
            node.Metrics.Add(NodeMetrics.SweepSurveys);
            (var outcome, survey) = await node.Lookups.SurveyAsync(target, cancellationToken);
            var isLed = survey is null
                ? outcome.Reason is TerminationReason.RequestLimit or TerminationReason.DeadlineReached || outcome.Answered > outcome.Failed
                : node.CountCrowded(outcome with { Closest = [.. survey.Nodes] }).Crowded > 0;
            unknownFor = isLed ? SurveyedRegions.UnknownFor : survey is null ? SurveyedRegions.Absence : null;
        }
        catch (OperationCanceledException)
        {
            // So are those who wait for it.
        }
        finally
        {
            lock (_gate)
            {
                _underWay.RemoveAll(one => one.Ended == ended.Task);
                if (unknownFor is { } length)
                {
                    _regions.AddUnknown(range, Now, length);
                }
                else if (survey is not null)
                {
                    _regions.Add(survey, Now);
                }
            }

            ended.SetResult();
        }
    }
}
