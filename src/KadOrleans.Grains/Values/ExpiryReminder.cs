using KadOrleans.Core;
using KadOrleans.Grains.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Values;

/// <summary>
/// A shard's hourly reminder, which exists while the shard holds values. It is set and removed in the background. If that fails, the next
/// change of the shard retries; until then expired values stay.
/// </summary>
internal sealed class ExpiryReminder(KeyShardGrain grain, IRandomSource random, ILogger logger)
{
    public const string Name = "expiry";

    /// <summary>The time between two ticks. The first tick comes after a random part of it, so that not all shards work at once.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromHours(1);

    private bool? _isSet;
    private bool _isWanted;
    private DateTime? _lastTick;
    private Task _run = Task.CompletedTask;

    /// <summary>Sets the reminder if the shard holds keys, else removes it.</summary>
    public void Update(int keys)
    {
        _isWanted = keys > 0;

        // A shard that was always empty has no reminder, and needs no call to know it.
        _isSet ??= _isWanted ? null : false;
        if (_isSet != _isWanted && _run.IsCompleted)
        {
            _run = ApplyAsync();
        }
    }

    /// <summary>Notes a tick, which shows that the reminder exists.</summary>
    public void Ticked(TickStatus status)
    {
        GrainMetrics.Ticked(Name, status, _lastTick);
        _isSet = true;
        if (status.Period > TimeSpan.Zero)
        {
            _lastTick = status.CurrentTickTime;
        }
    }

    private async Task ApplyAsync()
    {
        try
        {
            while (_isSet != _isWanted)
            {
                var wanted = _isWanted;
                var existing = await grain.GetReminder(Name);
                if (wanted && existing is null)
                {
                    await grain.RegisterOrUpdateReminder(Name, ReminderTimes.DrawFirst(random, Period), Period);
                }
                else if (!wanted && existing is not null)
                {
                    await grain.UnregisterReminder(existing);
                }

                _isSet = wanted;
            }
        }
        catch (Exception e)
        {
            logger.ReminderNotSet(Name, e);
        }
    }
}
