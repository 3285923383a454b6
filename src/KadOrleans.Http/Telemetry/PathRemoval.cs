using System.Diagnostics;
using OpenTelemetry;

namespace KadOrleans.Http;

/// <summary>Removes what the path of an HTTP request says from its span: the path of a key has the key. The route is left.</summary>
internal sealed class PathRemoval : BaseProcessor<Activity>
{
    private static readonly string[] Removed = ["url.path", "url.query", "url.full"];

    public override void OnEnd(Activity data)
    {
        foreach (var tag in Removed)
        {
            if (data.GetTagItem(tag) is not null)
            {
                data.SetTag(tag, null);
            }
        }
    }
}
