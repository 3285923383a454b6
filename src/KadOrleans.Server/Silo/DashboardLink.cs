using System.Text;

namespace KadOrleans.Server;

// Leads from Orleans' dashboard to the console. The dashboard's page is Orleans' own and has no place for a link, so it is added to the end of
// what the browser gets. Other responses pass unchanged.
internal static class DashboardLink
{
    private const string End = "</body>";

    private const string Link =
        "<a href=\"../console/\" style=\"position:fixed;right:16px;bottom:16px;z-index:2000;padding:8px 14px;border-radius:6px;"
        + "background:#0f716b;color:#fff;font:15px sans-serif\">KadOrleans console</a>";

    /// <summary>Adds the link to the page of a path.</summary>
    public static void UseDashboardLink(this IApplicationBuilder application, string path) => application.Use(next => context =>
        HttpMethods.IsGet(context.Request.Method) && string.Equals(context.Request.Path.Value?.TrimEnd('/'), path, StringComparison.OrdinalIgnoreCase) ? AddAsync(context, next) : next(context));

    private static async Task AddAsync(HttpContext context, RequestDelegate next)
    {
        var body = context.Response.Body;
        using var page = new MemoryStream();
        context.Response.Body = page;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var content = page.ToArray();
        if (context.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true)
        {
            var text = Encoding.UTF8.GetString(content);
            var end = text.LastIndexOf(End, StringComparison.OrdinalIgnoreCase);
            content = end < 0 ? content : Encoding.UTF8.GetBytes(text.Insert(end, Link));
            context.Response.ContentLength = content.Length;
        }

        await body.WriteAsync(content, context.RequestAborted);
    }
}
