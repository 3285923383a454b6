using System.Globalization;
using System.Threading.RateLimiting;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace KadOrleans.Http.Access;

/// <summary>Bounds the requests of each token by the framework's limiter. Beyond the bound a request gets 429 at once.</summary>
internal sealed class TokenRates : IEndpointFilter, IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly PartitionedRateLimiter<ApiToken> _limiter = PartitionedRateLimiter.Create<ApiToken, string>(
        token => RateLimitPartition.GetTokenBucketLimiter(token.Name, _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = token.RequestsPerSecond,
            TokensPerPeriod = Math.Max(1, (int)(token.RequestsPerSecond * Period.TotalSeconds)),
            ReplenishmentPeriod = token.RequestsPerSecond >= 1 / Period.TotalSeconds ? Period : TimeSpan.FromSeconds(1.0 / token.RequestsPerSecond),
            QueueLimit = 0,
        }));

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var token = TokenAuthentication.TokenOf(context.HttpContext);
        using var lease = _limiter.AttemptAcquire(token);
        return lease.IsAcquired ? next(context) : ValueTask.FromResult<object?>(Refuse(context.HttpContext, token));
    }

    public void Dispose() => _limiter.Dispose();

    private static ProblemHttpResult Refuse(HttpContext context, ApiToken token)
    {
        context.Response.Headers.RetryAfter = 1.ToString(CultureInfo.InvariantCulture);
        return ApiProblem.Create(
            StatusCodes.Status429TooManyRequests,
            $"The token '{token.Name}' has made more requests than {token.RequestsPerSecond} a second; repeat this one after a second.");
    }
}
