using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace KadOrleans.Http;

/// <summary>Answers 421 (Misdirected Request, RFC 9110 §15.5.20) where the Host header is not one of the server's names.</summary>
public static class HostCheck
{
    /// <summary>Checks every request that comes after this; so it belongs first.</summary>
    /// <param name="application">The server's pipeline.</param>
    /// <param name="hosts">The names that are allowed.</param>
    /// <param name="setting">What an operator adds a name to, for the sentence.</param>
    public static IApplicationBuilder UseHostCheck(this IApplicationBuilder application, HostNames hosts, string setting)
    {
        ArgumentNullException.ThrowIfNull(hosts);
        var sentence = $"The Host header is not a name of this server; use its IP address, or add the name to {setting}.\n";
        return application.Use((context, next) => hosts.Allows(context.Request.Host) ? next(context) : RefuseAsync(context, sentence));
    }

    private static Task RefuseAsync(HttpContext context, string sentence)
    {
        context.Response.StatusCode = StatusCodes.Status421MisdirectedRequest;
        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync(sentence, context.RequestAborted);
    }
}
