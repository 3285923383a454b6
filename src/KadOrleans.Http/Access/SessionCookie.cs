using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using KadOrleans.Http.Problems;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Http.Access;

/// <summary>The cookie of a browser's session. A page of another site cannot send it, and no script can read it.</summary>
internal static class SessionCookie
{
    /// <summary>The header with a session's proof. A page of another site can neither read the proof nor set the header.</summary>
    public const string ProofHeader = "Kad-Console";

    private const string Name = "kad-console-";

    /// <summary>The secret of a request; null if it has none.</summary>
    public static string? Read(HttpRequest request) => request.Cookies[NameFor(request)];

    /// <summary>Gives the browser a secret.</summary>
    public static void Write(HttpContext context, string secret) =>
        context.Response.Cookies.Append(NameFor(context.Request), secret, Options(context.Request, BrowserSessions.Life));

    /// <summary>Takes it away.</summary>
    public static void Remove(HttpContext context) =>
        context.Response.Cookies.Delete(NameFor(context.Request), Options(context.Request, life: null));

    // A browser sends the cookies of a host to each of its ports. Several nodes of a machine must not end each other's sessions.
    private static string NameFor(HttpRequest request) =>
        Name + (request.Host.Port ?? 0).ToString(CultureInfo.InvariantCulture);

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
