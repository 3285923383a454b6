using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Encodings.Web;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Http;

// Bearer tokens (RFC 6750), this server's own and those of an identity provider, and where browsers have sessions, the cookie and the proof of a
// session that stands for a token. A request with a token has no session. Refused requests are not logged: a stranger could fill the log.
internal sealed class TokenAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ApiTokens tokens, TimeProvider time, BrowserSessions? sessions = null,
    IIdentityProvider? provider = null)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, NullLoggerFactory.Instance, UrlEncoder.Default)
{
    public const string Bearer = "Bearer";

    /// <summary>What an endpoint needs that serves programs and operators alike: one of two scopes.</summary>
    public const string ReadOrView = "read or view";

    // RFC 6750 §3: a challenge has at least one parameter.
    private const string Challenge = $"{Bearer} realm=\"kad\"";

    /// <summary>Adds the scheme and a policy for each scope. A server may have other schemes.</summary>
    public static void Add(IServiceCollection services, ApiTokens tokens)
    {
        services
            .AddSingleton(tokens)
            .AddTransient<TokenAuthentication>()
            .AddAuthenticationCore(authentication =>
            {
                authentication.DefaultScheme = Bearer;
                authentication.AddScheme<TokenAuthentication>(Bearer, displayName: null);
            })
            .AddAuthorization(authorization =>
            {
                foreach (var scope in ApiScope.All)
                {
                    Add(scope, scope);
                }

                Add(ReadOrView, ApiScope.Read, ApiScope.View);

                void Add(string name, params string[] scopes) => authorization.AddPolicy(PolicyOf(name), policy => policy
                    .AddAuthenticationSchemes(Bearer).RequireAuthenticatedUser().RequireClaim(TokenIdentity.ScopeClaim, scopes));
            });
    }

    /// <summary>The policy of endpoints that need a scope, or <see cref="ReadOrView"/>.</summary>
    public static string PolicyOf(string scope) => $"{Bearer}:{scope}";

    /// <summary>The token of a request that was let in.</summary>
    public static ApiToken TokenOf(HttpContext context) => ((TokenIdentity)context.User.Identity!).Token;

    /// <summary>The session of a request that was let in; null if it came with a token.</summary>
    public static BrowserSession? SessionOf(HttpContext context) => ((TokenIdentity)context.User.Identity!).Session;

    /// <summary>Whether the token and the session of a request that was let in still are, with all scopes. For responses that last.</summary>
    public static bool StillAllows(HttpContext context) =>
        (TokenOf(context) is SignedInUser user
            ? context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow() < user.EndsAt
            : context.RequestServices.GetRequiredService<ApiTokens>().StillAllow(TokenOf(context)))
        && (SessionOf(context) is null
            || SessionCookie.TryFind(context.Request, context.RequestServices.GetRequiredService<BrowserSessions>(), out _));

    /// <summary>Says in the response's header that the token is unknown (RFC 6750 §3.1).</summary>
    public static void DescribeUnknown(HttpResponse response) =>
        response.Headers.WWWAuthenticate = $"{Challenge}, error=\"invalid_token\", error_description=\"The token is not one of this server's\"";

    /// <summary>Says in the response's header that the token lacks a scope.</summary>
    public static void DescribeLack(HttpResponse response, string scope) =>
        response.Headers.WWWAuthenticate = $"{Challenge}, error=\"insufficient_scope\", scope=\"{scope}\"";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var identity = Find();
        if (identity is null && provider is not null && Secret() is { } secret && secret.Count(c => c == '.') == 2)
        {
            var found = await provider.FindUserAsync(Context);
            if (found.User is not { } user)
            {
                return AuthenticateResult.Fail(new ApiProblemException(
                    found.IsUnavailable ? ProblemType.Unavailable : ProblemType.UnknownToken, found.Problem!));
            }

            identity = new TokenIdentity(user, session: null);
        }

        if (identity is null)
        {
            return AuthenticateResult.NoResult();
        }

        ConnectionLimit.MarkKnown(Context.Features.Get<IConnectionItemsFeature>()?.Items);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Bearer));
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if ((await HandleAuthenticateOnceSafeAsync()).Failure is ApiProblemException problem)
        {
            if (problem.Status == StatusCodes.Status401Unauthorized)
            {
                DescribeUnknown(Response);
            }
            else
            {
                Response.Headers.RetryAfter = ProblemFilter.RetryAfter;
            }

            await ApiProblem.Create(problem.Status, problem.Message, type: problem.Type).ExecuteAsync(Context);
            return;
        }

        if (Secret() is not null)
        {
            DescribeUnknown(Response);
            await ApiProblem.Create(ProblemType.UnknownToken, "The request's token is not one of this server's.").ExecuteAsync(Context);
            return;
        }

        Response.Headers.WWWAuthenticate = Challenge;
        await (SessionCookie.HasProof(Request)
            ? ApiProblem.Create(ProblemType.SessionEnded, "The session has ended; log in again.")
            : ApiProblem.Create(ProblemType.NoToken, Request.Headers.Authorization.Count > 0
                ? "The header Authorization has no word Bearer and a token behind it; Authorization: Bearer TOKEN is needed."
                : "The request has no token; the header Authorization: Bearer TOKEN is needed."))
            .ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var needed = Context.GetEndpoint()?.Metadata.GetMetadata<AuthorizeAttribute>()?.Policy?[(Bearer.Length + 1)..] ?? string.Empty;

        // Either of two is enough, and the parameter has all that are needed.
        DescribeLack(Response, needed == ReadOrView ? ApiScope.Read : needed);
        return ApiProblem.Create(StatusCodes.Status403Forbidden, ApiScope.LackOf(TokenOf(Context), needed)).ExecuteAsync(Context);
    }

    private TokenIdentity? Find()
    {
        if (Request.Headers.Authorization.Count > 0)
        {
            return Secret() is { } secret && tokens.TryFind(secret, out var token) ? new TokenIdentity(token, session: null) : null;
        }

        if (sessions is null || !SessionCookie.TryFind(Request, sessions, out var session))
        {
            return null;
        }

        // A session ends with its token, and follows its scopes. A user's ends with itself.
        return session.Token is SignedInUser user ? time.GetUtcNow() < user.EndsAt ? new TokenIdentity(user, session) : null
            : tokens.TryRenew(session.Token, out var now) ? new TokenIdentity(now, session)
            : null;
    }

    private string? Secret() => AuthenticationHeaderValue.TryParse(Request.Headers.Authorization, out var header)
        && header.Scheme.Equals(Bearer, StringComparison.OrdinalIgnoreCase)
        ? header.Parameter
        : null;
}

// Bounds the requests of each token by the framework's limiter. Beyond the bound a request gets 429 at once. A batch counts as
// many requests as it has operations, and an import as many as it has values.
internal sealed class TokenRates : IEndpointFilter, IDisposable
{
    private readonly PartitionedRateLimiter<ApiToken> _limiter = PartitionedRateLimiter.Create<ApiToken, ((bool, string) Account, int Rate)>(
        token => RateLimitPartition.GetTokenBucketLimiter((token.Account, token.RequestsPerSecond), _ => new TokenBucketRateLimiterOptions
        {
            TokenLimit = token.RequestsPerSecond,
            TokensPerPeriod = token.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        }));

    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        Charge(context.HttpContext, 1);
        return next(context);
    }

    /// <summary>Counts the parts of a request beyond the first, which is counted already. At most a second's requests are counted.</summary>
    public void ChargeParts(HttpContext context, int parts)
    {
        var more = Math.Min(parts, TokenAuthentication.TokenOf(context).RequestsPerSecond) - 1;
        if (more > 0)
        {
            Charge(context, more);
        }
    }

    public void Dispose() => _limiter.Dispose();

    private void Charge(HttpContext context, int requests)
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
