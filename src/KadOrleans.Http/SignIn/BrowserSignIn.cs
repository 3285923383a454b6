using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Http;

// Hands a user who comes back from the provider to the console's page, which begins the session. The browser comes from another site, so it
// sends no cookie of a session then, and the page could not learn the proof. The page has a code behind #, which no server is sent, and the
// browser a cookie: whoever has one alone begins nothing. Each code is good once, for a minute.
internal sealed class BrowserSignIn(TimeProvider time)
{
    public static readonly TimeSpan CodeLife = TimeSpan.FromMinutes(1);

    // The most codes. Beyond it the oldest ends.
    private const int MaxCodes = 256;
    private const string Cookie = "kad-sign-in";

    // Guards the codes, which are found by the hashes of their secrets.
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Cookie, string Code), (SignedInUser User, DateTimeOffset EndsAt)> _codes = [];

    /// <summary>Ends the way back from the provider: the response leads to the page.</summary>
    public void Complete(HttpContext context, SignedInUser user)
    {
        var (cookie, code) = (ApiToken.Random(), ApiToken.Random());
        lock (_gate)
        {
            if (_codes.Count == MaxCodes)
            {
                _codes.Remove(_codes.MinBy(one => one.Value.EndsAt).Key);
            }

            _codes.Add((ApiToken.HashOf(cookie), ApiToken.HashOf(code)), (user, time.GetUtcNow() + CodeLife));
        }

        SessionCookie.Write(context, Cookie, cookie, CodeLife);
        context.Response.Redirect($"{context.Request.PathBase}{ConsoleHosting.Root}/#sign-in={code}");
    }

    /// <summary>Ends a sign-in by one sentence, as text.</summary>
    public static Task RefuseAsync(HttpContext context, int status, string sentence)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(VisibleText.Show(sentence) + "\n", context.RequestAborted);
    }

    /// <summary>Takes the user of a code, once. The user is that of a session of a whole <see cref="BrowserSessions.Life"/>.</summary>
    public bool TryTake(HttpContext context, string code, [NotNullWhen(true)] out SignedInUser? user)
    {
        user = null;
        if (SessionCookie.Read(context.Request, Cookie) is not { } cookie)
        {
            return false;
        }

        SessionCookie.Remove(context, Cookie);
        lock (_gate)
        {
            if (_codes.Remove((ApiToken.HashOf(cookie), ApiToken.HashOf(code)), out var found) && time.GetUtcNow() < found.EndsAt)
            {
                user = found.User with { EndsAt = time.GetUtcNow() + BrowserSessions.Life };
            }
        }

        return user is not null;
    }
}
