using System.Threading.RateLimiting;

namespace KadOrleans.Hosting;

// Bounds the requests of each token by the framework's limiter. Beyond the bound a request gets 429 at once. A batch counts as
// many requests as it has operations, and an import as many as it has values.
internal sealed class TokenRates : IEndpointFilter, IDisposable
{
    private readonly PartitionedRateLimiter<ApiToken> _limiter = PartitionedRateLimiter.Create<ApiToken, string>(
        token => RateLimitPartition.GetTokenBucketLimiter(token.Name, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = token.RequestsPerSecond,
            TokensPerPeriod = token.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        Take(context.HttpContext, 1);
        return next(context);
    }

    /// <summary>Counts the parts of a request beyond the first, which it was let in as. More than a second's count as a second's.</summary>
    public void TakeParts(HttpContext context, int parts)
    {
        var more = Math.Min(parts, TokenAuthentication.TokenOf(context).RequestsPerSecond) - 1;
        if (more > 0)
        {
            Take(context, more);
        }
    }

    public void Dispose() => _limiter.Dispose();

    private void Take(HttpContext context, int requests)
    {
        var token = TokenAuthentication.TokenOf(context);
        using var lease = _limiter.AttemptAcquire(token, requests);
        if (!lease.IsAcquired)
        {
            context.Response.Headers.RetryAfter = "1";
            throw new ApiProblemException(
                StatusCodes.Status429TooManyRequests,
                $"The token '{token.Name}' has made more requests than {token.RequestsPerSecond} a second; repeat this one after a second.");
        }
    }
}
