using System.Threading.RateLimiting;

namespace KadOrleans.Http;

// Bounds the exports that are under way: each reads the whole store. A token has one, so that who exports slowly keeps nobody else out.
internal sealed class ExportTurns : IDisposable
{
    /// <summary>The most exports at once, of all tokens.</summary>
    public const int Most = 4;

    private readonly PartitionedRateLimiter<ApiToken> _turns = PartitionedRateLimiter.CreateChained(
        PartitionedRateLimiter.Create<ApiToken, (bool, string)>(token => Concurrent(token.Account, 1)),
        PartitionedRateLimiter.Create<ApiToken, string>(_ => Concurrent("all", Most)));

    /// <summary>Takes a turn, which ends when it is disposed.</summary>
    /// <exception cref="ApiProblemException">There is none: 429.</exception>
    public IDisposable Acquire(ApiToken token)
    {
        var turn = _turns.AttemptAcquire(token);
        if (turn.IsAcquired)
        {
            return turn;
        }

        turn.Dispose();
        throw new ApiProblemException(
            StatusCodes.Status429TooManyRequests,
            $"The token '{token.Name}' has an export under way here, or others have {Most}; repeat this one when one has ended.");
    }

    public void Dispose() => _turns.Dispose();

    private static RateLimitPartition<TKey> Concurrent<TKey>(TKey key, int most) =>
        RateLimitPartition.GetConcurrencyLimiter(key, _ => new ConcurrencyLimiterOptions { PermitLimit = most });
}
