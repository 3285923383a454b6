using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Features;

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
        if (context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true)
        {
            context.Response.OnStarting(TellEndAsync, context);
        }

        return next(context);
    }

    // A body that is longer than its endpoint takes is not read, so the connection ends behind the response. Without a word of that (RFC 9112 §9.6) a
    // client sends its next request there, and has no response.
    private static Task TellEndAsync(object state)
    {
        var context = (HttpContext)state;
        var most = context.Features.Get<IHttpMaxRequestBodySizeFeature>()?.MaxRequestBodySize;
        if (HttpProtocol.IsHttp11(context.Request.Protocol) && (most == 0 || context.Request.ContentLength > most))
        {
            context.Response.Headers.Connection = "close";
        }

        return Task.CompletedTask;
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
