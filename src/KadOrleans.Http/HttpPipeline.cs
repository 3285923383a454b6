using Microsoft.AspNetCore.Authentication;

namespace KadOrleans.Http;

/// <summary>What each request to a node, an edge or a silo goes through before its endpoint.</summary>
internal static class HttpPipeline
{
    // The key of an entry in a request's items that says that it is HEAD.
    private static readonly object HeadKey = new();

    /// <summary>Call it before all other middleware. Endpoints may be served behind it.</summary>
    public static void UseKadHttp(this IApplicationBuilder application, HttpPlace place)
    {
        application.WarnOfClearText(place);
        application.Use(SetHeadersAsync);
        application.UseHostCheck(place);
        application.Use(ServeHeadAsync);
        application.UseRouting();
        if (application.ApplicationServices.GetService<IAuthenticationSchemeProvider>() is not null)
        {
            application.UseAuthentication();
            application.UseAuthorization();
        }

        application.Use(RequestTarget.CheckAsync);
    }

    /// <summary>Whether a request is HEAD, whose response has no body. A handler that produces its body for long need not.</summary>
    internal static bool IsHead(this HttpContext context) => context.Items.ContainsKey(HeadKey);

    // What browsers and proxies may do with a response that says nothing else: neither keep it nor guess what it is.
    private static Task SetHeadersAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        context.Response.Headers.CacheControl = "no-store";
        return next(context);
    }

    // RFC 9110 §9.3.2: HEAD is a GET whose response has no body, which the server leaves out. Routing would ask for an endpoint of its own.
    private static Task ServeHeadAsync(HttpContext context, RequestDelegate next)
    {
        if (HttpMethods.IsHead(context.Request.Method))
        {
            context.Items[HeadKey] = HeadKey;
            context.Request.Method = HttpMethods.Get;
        }

        return next(context);
    }
}
