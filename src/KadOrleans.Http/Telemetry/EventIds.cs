using OpenTelemetry;
using OpenTelemetry.Logs;

namespace KadOrleans.Http;

/// <summary>
/// Adds the event id to a message, which OpenTelemetry's exporter leaves out by default, under the name that it has there otherwise.
/// </summary>
internal sealed class EventIds : BaseProcessor<LogRecord>
{
    public const string Tag = "logrecord.event.id";

    public override void OnEnd(LogRecord data)
    {
        if (data.EventId.Id != 0)
        {
            data.Attributes = [.. data.Attributes ?? [], new(Tag, data.EventId.Id)];
        }
    }
}
