using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>Ranks the networks of a store in parts, because a million take about 0.1 s. The store may change in between.</summary>
internal sealed class SourceSurvey(StoreAccounts accounts, int count)
{
    private readonly SourceRanker _ranker = new(count);
    private int _next;

    /// <summary>Ranks so many more networks at most. Null if some are left.</summary>
    public SourceRanking? Run(int most)
    {
        for (; most > 0 && _next < accounts.Numbers; most--, _next++)
        {
            if (accounts.TotalsAt(_next) is { } source)
            {
                _ranker.Add(source);
            }
        }

        if (_next < accounts.Numbers)
        {
            return null;
        }

        if (accounts.TotalsOf(SourceNetwork.Trusted) is { Keys: > 0 } trusted)
        {
            _ranker.Add(trusted);
        }

        return _ranker.Rank(accounts.Keys, accounts.Bytes);
    }
}
