namespace KadOrleans.Hosting;

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
