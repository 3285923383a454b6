using System.Globalization;
using System.Threading.RateLimiting;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KadOrleans.Http.Access;

/// <summary>
/// Bounds the requests of each token by the framework's limiter. Beyond the bound a request gets 429 at once. A batch counts as many
/// requests as it has operations.
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
        FindRefusal(context.HttpContext, 1) is { } refusal ? ValueTask.FromResult<object?>(refusal) : next(context);

    /// <summary>Takes more of what a request's token may do in this second. Null, or the response if that is too much.</summary>
    /// <param name="context">The request, which was let in.</param>
    /// <param name="requests">How much, at least 1. More than a second's is counted as a second's.</param>
    public ProblemHttpResult? FindRefusal(HttpContext context, int requests)
    {
        var token = TokenAuthentication.TokenOf(context);
        using var lease = _limiter.AttemptAcquire(token, Math.Min(requests, token.RequestsPerSecond));
        if (lease.IsAcquired)
        {
            return null;
        }

        context.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        return ApiProblem.Create(
            StatusCodes.Status429TooManyRequests,
            $"The token '{token.Name}' has made more requests than {token.RequestsPerSecond} a second; repeat this one after a second.");
    }

    public void Dispose() => _limiter.Dispose();
}
