using KadOrleans.Core;
using KadOrleans.Grains.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Routing;

/// <summary>
/// The reminders of a routing table. They are set in the background at each subscription. An edge renews that each minute, so a failure is
/// retried soon.
/// </summary>
internal sealed class TableReminders(RoutingTableGrain grain, IRandomSource random, TimeProvider time, ILogger logger)
{
    /// <summary>Lonely buckets are refreshed (Kademlia §2.3).</summary>
    public const string Refresh = "refresh";

    /// <summary>A random walk begins.</summary>
    public const string Walk = "walk";

    /// <summary>
    /// The time between two checks for buckets to refresh. Each bucket is due once an hour. With a check an hour, one that comes a moment
    /// too early would cost the bucket another hour.
    /// </summary>
    public static readonly TimeSpan RefreshPeriod = TimeSpan.FromMinutes(10);

    /// <summary>The time between two random walks.</summary>
    public static readonly TimeSpan WalkPeriod = TimeSpan.FromSeconds(300);

    private readonly Dictionary<string, long> _lastTicks = [];
    private readonly Dictionary<string, DateTime> _measured = [];
    private bool _areSet;
    private Task _run = Task.CompletedTask;

    /// <summary>Sets the reminders if they do not exist.</summary>
    public void Set()
    {
        if (!_areSet && _run.IsCompleted)
        {
            _run = SetAsync();
        }
    }

    /// <summary>Removes them when the id has no edge. The next subscription sets them again.</summary>
    public void Remove()
    {
        if (_run.IsCompleted)
        {
            _run = RemoveAsync();
        }
    }

    /// <summary>Reports a tick to the metrics.</summary>
    public void Measure(string name, TickStatus status)
    {
        GrainMetrics.Ticked(name, status, _measured.TryGetValue(name, out var last) ? last : null);
        if (status.Period > TimeSpan.Zero)
        {
            _measured[name] = status.CurrentTickTime;
        }
    }

    /// <summary>Whether a tick is new. A repeated tick is not, and neither is one within half a period of the last.</summary>
    public bool IsNew(string name)
    {
        var period = name == Refresh ? RefreshPeriod : WalkPeriod;
        if (_lastTicks.TryGetValue(name, out var last) && time.GetElapsedTime(last) < period / 2)
        {
            return false;
        }

        _lastTicks[name] = time.GetTimestamp();
        return true;
    }

    private async Task SetAsync()
    {
        try
        {
            await SetAsync(Refresh, RefreshPeriod);
            await SetAsync(Walk, WalkPeriod);
            _areSet = true;
        }
        catch (Exception e)
        {
            logger.ReminderNotSet($"{Refresh} or {Walk}", e);
        }
    }

    private async Task SetAsync(string name, TimeSpan period)
    {
        if (await grain.GetReminder(name) is null)
        {
            await grain.RegisterOrUpdateReminder(name, ReminderTimes.DrawFirst(random, period), period);
        }
    }

    private async Task RemoveAsync()
    {
        _areSet = false;
        foreach (var name in new[] { Refresh, Walk })
        {
            try
            {
                if (await grain.GetReminder(name) is { } reminder)
                {
                    await grain.UnregisterReminder(reminder);
                }
            }
            catch (Exception e)
            {
                logger.ReminderNotSet(name, e);
            }
        }
    }
}
