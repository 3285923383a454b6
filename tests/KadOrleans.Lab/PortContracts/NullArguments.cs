using System.Reflection;
using KadOrleans.Core.Items;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Lab;

/// <summary>Calls what a type has for programs, with null in place of each reference that may not be null: the error names that parameter.</summary>
public static class NullArguments
{
    /// <summary>Calls the members of a type and of the interfaces that it extends. Later members are called too.</summary>
    /// <param name="surface">The type.</param>
    /// <param name="target">Whose members; null for those that are static.</param>
    /// <param name="samples">Arguments that are none of the usual ones.</param>
    /// <returns>The number of calls.</returns>
    public static async Task<int> CheckAsync(Type surface, object? target, params object[] samples)
    {
        var (calls, problems) = (0, new List<string>());
        target ??= surface.IsValueType ? Activator.CreateInstance(surface) : null;
        object[] known = [.. samples, .. Usual()];
        var types = surface.IsInterface ? surface.GetInterfaces().Prepend(surface) : [surface];
        const BindingFlags All = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (var method in types.SelectMany(type => type.GetMembers(All)).OfType<MethodBase>())
        {
            if (method.IsDefined(typeof(ObsoleteAttribute)))
            {
                continue;
            }

            foreach (var missing in method.GetParameters().Where(MayNotBeNull))
            {
                calls++;
                var closed = method is MethodInfo { IsGenericMethodDefinition: true } open ? open.MakeGenericMethod(typeof(string)) : method;
                object?[] arguments = [.. closed.GetParameters().Select(parameter => parameter.Position == missing.Position ? null : Choose(parameter, known))];
                if (await FindErrorAsync(closed, target, arguments) is var error
                    && (error is not ArgumentNullException refused || refused.ParamName != missing.Name))
                {
                    var what = error is null ? "no error" : $"{error.GetType().Name} {error.Message}";
                    problems.Add($"{method.DeclaringType!.Name}.{method.Name} with a null {missing.Name}: {what}");
                }
            }
        }

        Assert.Empty(problems);
        return calls;
    }

    private static object[] Usual()
    {
        var item = SignedItems.Sign(1, "3:one");
        return
        [
            DispatchProxy.Create<IDht, NoDht>(), item, SignedItems.Owner.ToSigner(), "text", new byte[32], Array.Empty<string>(),
            JsonSerializerOptions.Default.GetTypeInfo(typeof(string)), new ServiceCollection(), new ConfigurationBuilder().Build(),
        ];
    }

    private static bool MayNotBeNull(ParameterInfo parameter) =>
        !parameter.ParameterType.IsValueType && !parameter.ParameterType.IsByRef && !parameter.ParameterType.IsGenericParameter
        && new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.NotNull;

    private static object? Choose(ParameterInfo parameter, object[] known) =>
        known.FirstOrDefault(parameter.ParameterType.IsInstanceOfType)
        ?? (parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null);

    private static async Task<Exception?> FindErrorAsync(MethodBase method, object? target, object?[] arguments)
    {
        try
        {
            var result = method is ConstructorInfo constructor ? constructor.Invoke(arguments) : method.Invoke(target, arguments);
            await (result switch
            {
                Task task => task,
                ValueTask<Item> task => task.AsTask(),
                IAsyncEnumerable<SignedResult> elements => elements.FirstAsync().AsTask(),
                IAsyncEnumerable<object> elements => elements.FirstAsync().AsTask(),
                _ => Task.CompletedTask,
            });
            return null;
        }
        catch (TargetInvocationException e)
        {
            return e.InnerException;
        }
        catch (Exception e)
        {
            return e;
        }
    }
}

/// <summary>A DHT that nobody may get to.</summary>
public class NoDht : DispatchProxy
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new InvalidOperationException($"{targetMethod!.Name} was called.");
}
