using System.Globalization;
using System.Threading.RateLimiting;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KadOrleans.Http.Access;

/// <summary>
/// Bounds the requests of each token by the framework's limiter. Beyond the bound a request gets 429 at once. A batch counts as many
/// requests as it has operations, and an import as many as it has values.
/// </summary>
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

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        Take(context.HttpContext, 1) is { } refusal ? ValueTask.FromResult<object?>(refusal) : next(context);

    /// <summary>Counts the parts of a request, beyond the first, which it was let in as. Null, or the response if that is too much.</summary>
    /// <param name="context">The request, which was let in.</param>
    /// <param name="parts">All its parts. More than a second's are counted as a second's.</param>
    public ProblemHttpResult? FindRefusal(HttpContext context, int parts)
    {
        var more = Math.Min(parts, TokenAuthentication.TokenOf(context).RequestsPerSecond) - 1;
        return more > 0 ? Take(context, more) : null;
    }

    public void Dispose() => _limiter.Dispose();

    private ProblemHttpResult? Take(HttpContext context, int requests)
    {
        var token = TokenAuthentication.TokenOf(context);
        using var lease = _limiter.AttemptAcquire(token, requests);
        if (lease.IsAcquired)
        {
            return null;
        }

        context.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        return ApiProblem.Create(
            StatusCodes.Status429TooManyRequests,
            $"The token '{token.Name}' has made more requests than {token.RequestsPerSecond} a second; repeat this one after a second.");
    }
}
