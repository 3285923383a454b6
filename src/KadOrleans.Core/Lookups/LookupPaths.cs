using System.Diagnostics;
using System.Numerics;

namespace KadOrleans.Core;

// The disjoint paths of a lookup (S/Kademlia §4.4). A path continues with the contacts named by those that it queried. No two
// paths query one contact, so a liar leads only its own path astray.
internal sealed class LookupPaths(
    CandidateSet candidates, int count, int bucketSize, int maxRequests, int perNetwork = LookupPaths.PerNetwork)
{
    /// <summary>The most contacts of a network (/24 or /48) that are queried and returned.</summary>
    public const int PerNetwork = 1;

    public const int PerNetworkWhenFew = 2;

    private readonly int _perNetworkWhenFew = Math.Max(perNetwork, PerNetworkWhenFew);

    // Invented or unresponsive contacts that a response may name before its others are ignored. An honest node names some that
    // have left. A liar can name any number, and each costs a request.
    private const int MaxMisled = 3;

    private readonly Dictionary<(int Path, SourceNetwork Network), int> _unresponsive = [];
    private readonly int[] _asked = new int[count];
    private readonly int[] _waiting = new int[count];
    private readonly int _maxPerPath = maxRequests / count;

    public int Count => count;

    /// <summary>Without requests to unresponsive contacts.</summary>
    public int Waiting => _waiting.Sum();

    public bool IsCutOff =>
        Enumerable.Range(0, count).Any(path => _asked[path] >= _maxPerPath && Nearest(path, _perNetworkWhenFew) is not null);

    /// <summary>Contacts that are known and did not answer, or were not asked as their network had its share; without those of liars alone.</summary>
    public int CountMissing() => candidates.ByDistance.Count(candidate => candidate.State switch
    {
        CandidateState.Heard => !IsOfLiarsAlone(candidate),
        CandidateState.Waiting or CandidateState.Unresponsive or CandidateState.Failed => true,
        CandidateState.Answered => false,
        _ => throw new UnreachableException($"No rule for {candidate.State}."),
    });

    /// <summary>How many contacts a path has asked.</summary>
    public int CountAsked(int path) => _asked[path];

    public void Begin(Candidate candidate, int path)
    {
        candidate.AskedBy = path;
        candidates.SetState(candidate, CandidateState.Waiting);
        _asked[path]++;
        _waiting[path]++;
    }

    public void End(Candidate candidate, CandidateState state)
    {
        if (candidate.State == CandidateState.Waiting)
        {
            _waiting[candidate.AskedBy]--;
        }

        if (candidate is { Network: { } network, State: CandidateState.Waiting } && state != CandidateState.Answered)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_unresponsive, (candidate.AskedBy, network), out _)++;
        }

        candidates.SetState(candidate, state);
    }

    public (Candidate? Candidate, int Path) Next()
    {
        var next = Next(perNetwork);
        return next.Candidate is null && Waiting == 0 && IsShort() ? Next(_perNetworkWhenFew) : next;
    }

    /// <summary>The next contact to query for a vote: one of k, an equal share from each path.</summary>
    public (Candidate? Candidate, int Path) NextVoter(uint draw)
    {
        Candidate? chosen = null;
        foreach (var voter in ClosestContacts.InTurns(candidates.ByDistance.Where(IsOfUse), count).Take(bucketSize))
        {
            if (voter.State == CandidateState.Heard
                && MayAsk(voter, BitOperations.TrailingZeroCount(voter.Paths), perNetwork)
                && (chosen is null || Order(voter, draw) < Order(chosen, draw)))
            {
                chosen = voter;
            }
        }

        return (chosen, chosen is null ? 0 : BitOperations.TrailingZeroCount(chosen.Paths));
    }

    private static bool IsOfUse(Candidate candidate) => candidate.State is not (CandidateState.Failed or CandidateState.Unresponsive);

    private (Candidate? Candidate, int Path) Next(int limit)
    {
        Candidate? chosen = null;
        var by = 0;
        for (var path = 0; path < count; path++)
        {
            if (_asked[path] < _maxPerPath
                && (chosen is null || _waiting[path] < _waiting[by])
                && (Nearest(path, limit) ?? Borrow(path, limit)) is { } candidate)
            {
                (chosen, by) = (candidate, path);
            }
        }

        return (chosen, by);
    }

    /// <summary>Whether so few have answered that two of one network are better than none.</summary>
    private bool IsShort() => candidates.ByDistance.Count(candidate => candidate.State == CandidateState.Answered) < bucketSize;

    /// <summary>The nearest unqueried contact among a path's k nearest that are not unresponsive.</summary>
    private Candidate? Nearest(int path, int limit)
    {
        var window = bucketSize;
        foreach (var candidate in candidates.ByDistance)
        {
            if (!candidate.IsOn(path) || !IsOfUse(candidate))
            {
                continue;
            }

            if (candidate.State == CandidateState.Heard && MayAsk(candidate, path, limit))
            {
                return candidate;
            }

            if (candidate.State != CandidateState.Heard && --window == 0)
            {
                break;
            }
        }

        return null;
    }

    /// <summary>A path whose contacts have all failed goes on from one of the table that no path has queried.</summary>
    private Candidate? Borrow(int path, int limit) =>
        candidates.ByDistance.Any(c => c.IsOn(path) && c.State is not (CandidateState.Failed or CandidateState.Heard))
            ? null
            : candidates.ByDistance.FirstOrDefault(
                c => c is { State: CandidateState.Heard, Hops: 1 } && MayAsk(c, path, limit));

    // Unresponsive contacts of a network count against the path that queried them. A liar who names one host under many ports has
    // it queried once, and cannot keep other paths from an honest contact beside it.
    private bool MayAsk(Candidate candidate, int path, int limit) =>
        candidates.HasShare(candidate, limit)
        && !(candidate.Network is { } network && _unresponsive.GetValueOrDefault((path, network)) >= limit)
        && !IsOfLiarsAlone(candidate);

    private static bool IsOfLiarsAlone(Candidate candidate) => candidate.IsDoubtful(MaxMisled) && BitOperations.PopCount(candidate.Paths) == 1;

    // The endpoint is what a liar cannot choose freely.
    private static uint Order(Candidate candidate, uint draw)
    {
        var endpoint = candidate.Contact.Endpoint;
        var mixed = (endpoint.AddressHigh ^ BitOperations.RotateLeft(endpoint.AddressLow, 23) ^ endpoint.Port ^ draw)
            * 0x9E3779B97F4A7C15;
        mixed ^= mixed >> 29;
        mixed *= 0xBF58476D1CE4E5B9;
        return (uint)(mixed >> 32);
    }
}
