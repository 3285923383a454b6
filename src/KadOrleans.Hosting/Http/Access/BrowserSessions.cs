using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace KadOrleans.Hosting;

// A browser's session, begun with a token. Requests that change something carry its proof in the header SessionCookie.ProofHeader.
public sealed record BrowserSession(ApiToken Token, string Proof, DateTimeOffset EndsAt);

/// <summary>The sessions of browsers, in memory alone: a restart ends them. Beyond <see cref="MaxSessions"/> the oldest ends.</summary>
public sealed class BrowserSessions(TimeProvider time)
{
    /// <summary>The most sessions. Only who has a token begins one.</summary>
    public const int MaxSessions = 256;

    /// <summary>How long a session lasts, used or not: a working day.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(12);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, BrowserSession> _byHash = [];

    /// <summary>Begins a session. The secret is for its cookie.</summary>
    public (string Secret, BrowserSession Session) Begin(ApiToken token)
    {
        var secret = ApiToken.Random();
        var session = new BrowserSession(token, ApiToken.Random(), time.GetUtcNow() + Life);
        lock (_gate)
        {
            if (_byHash.Count == MaxSessions)
            {
                _byHash.Remove(_byHash.MinBy(one => one.Value.EndsAt).Key);
            }

            _byHash.Add(ApiToken.HashOf(secret), session);
        }

        return (secret, session);
    }

    public bool TryFind(string secret, [NotNullWhen(true)] out BrowserSession? session)
    {
        lock (_gate)
        {
            return _byHash.TryGetValue(ApiToken.HashOf(secret), out session) && time.GetUtcNow() < session.EndsAt;
        }
    }

    public void End(string? secret)
    {
        if (secret is not null)
        {
            lock (_gate)
            {
                _byHash.Remove(ApiToken.HashOf(secret));
            }
        }
    }
}

// The cookie of a browser's session. A page of another site cannot send it, and no script can read it. The framework's cookie
// authentication and antiforgery fix the names of their cookies before the port is known. So two nodes of a machine would share them.
public static class SessionCookie
{
    /// <summary>The header with a session's proof. A page of another site can neither read the proof nor set the header.</summary>
    public const string ProofHeader = "Kad-Console";

    public static string? Read(HttpRequest request) => request.Cookies[NameFor(request)];

    public static void Write(HttpContext context, string secret) =>
        context.Response.Cookies.Append(NameFor(context.Request), secret, Options(context.Request, BrowserSessions.Life));

    public static void Remove(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context.Request), Options(context.Request, life: null));

    // A browser sends the cookies of a host to each of its ports. Several nodes of a machine must not end each other's sessions.
    private static string NameFor(HttpRequest request) => string.Create(CultureInfo.InvariantCulture, $"kad-console-{request.Host.Port ?? 0}");

    private static CookieOptions Options(HttpRequest request, TimeSpan? life) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        MaxAge = life,
    };
}

/// <summary>Refuses a change that a browser's session makes without its proof: another site may have forged it.</summary>
internal sealed class SessionProof : IEndpointFilter
{
    public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        IsProved(context.HttpContext)
            ? next(context)
            : ValueTask.FromResult<object?>(ApiProblem.Create(
                StatusCodes.Status403Forbidden,
                $"The header {SessionCookie.ProofHeader} is missing or is not this session's; load the console again."));

    private static bool IsProved(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method)
        || HttpMethods.IsHead(context.Request.Method)
        || TokenAuthentication.SessionOf(context) is not { } session
        || CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(session.Proof), Encoding.UTF8.GetBytes(context.Request.Headers[SessionCookie.ProofHeader].ToString()));
}
