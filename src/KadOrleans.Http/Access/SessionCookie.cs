using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Http;

// The two secrets of a browser's session in a request. No script can read the cookie, and no page of another site can send it. No page of
// another origin, of another port too, can read the proof. The framework's cookie authentication and antiforgery fix the names of their
// cookies before the port is known. So two nodes of a machine would share them.
internal static class SessionCookie
{
    /// <summary>The header with a session's proof, which each of its requests has.</summary>
    public const string ProofHeader = "Kad-Console";

    private const string Console = "kad-console";

    /// <summary>The cookie of a request; null without one.</summary>
    public static string? Read(HttpRequest request, string name = Console) => request.Cookies[NameFor(request, name)];

    /// <summary>Whether a request has a proof, be it right or wrong.</summary>
    public static bool HasProof(HttpRequest request) => request.Headers.ContainsKey(ProofHeader);

    /// <summary>Finds the session of a request that has both of its secrets.</summary>
    public static bool TryFind(HttpRequest request, BrowserSessions sessions, [NotNullWhen(true)] out BrowserSession? session) =>
        sessions.TryFind(Read(request), request.Headers[ProofHeader], out session);

    public static void Write(HttpContext context, string cookie) => Write(context, Console, cookie, BrowserSessions.Life);

    /// <summary>Writes another cookie by the same rules.</summary>
    internal static void Write(HttpContext context, string name, string cookie, TimeSpan life) =>
        context.Response.Cookies.Append(NameFor(context.Request, name), cookie, Options(context.Request, life));

    public static void Remove(HttpContext context, string name = Console) =>
        context.Response.Cookies.Delete(NameFor(context.Request, name), Options(context.Request, life: null));

    // A browser sends the cookies of a host to each of its ports. Several nodes of a machine must not end each other's sessions. With the
    // prefix a browser takes the cookie by HTTPS alone, and from this host alone.
    private static string NameFor(HttpRequest request, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"{(request.IsHttps ? "__Host-" : string.Empty)}{name}-{request.Host.Port ?? 0}");

    private static CookieOptions Options(HttpRequest request, TimeSpan? life) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = request.IsHttps,
        Path = "/",
        MaxAge = life,
    };
}
