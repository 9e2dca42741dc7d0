# SPDX-License-Identifier: MIT
# Completion of vsioctl for bash; goes to /usr/share/bash-completion/completions/vsioctl

# Names of the domains, as xenstore has them.
_vsioctl_domains()
{
    local id
    for id in $(xenstore-list /local/domain 2>/dev/null); do
        xenstore-read "/local/domain/$id/name" 2>/dev/null
    done
}

_vsioctl()
{
    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]} words
    local devices="pl011 pl031 i8042 ns16550 flash"
    local keys="addr= irq= limit= log= stride= offset= size= block= file= host=daemon"
    COMPREPLY=()

    case $COMP_CWORD:$command in
    1:*)
        words="attach detach dt list stat console send serve save restore key mouse exec cp ls ping boot-time forward --help"
        ;;
    *:serve)
        words="--foreground --log=guest --log=none --log-dir= --pid-file= --overflow-data=keep --help"
        ;;
    *:dt | 3:attach)
        words="$devices"
        [ "$command" = attach ] || words="$words $keys"
        ;;
    *:attach)
        words=$keys
        [ "$COMP_CWORD" != 2 ] || words=$(_vsioctl_domains)
        ;;
    2:cp | 3:cp | 2:ls)
        mapfile -t COMPREPLY < <(compgen -f -- "$word"; compgen -W "$(_vsioctl_domains)" -S : -- "$word")
        compopt -o nospace 2>/dev/null
        return
        ;;
    3:exec | 3:ping | 3:boot-time)
        words="-t --slot= --"
        ;;
    4:forward)
        words="--allow="
        ;;
    2:list | 3:list)
        words="--json $(_vsioctl_domains)"
        ;;
    2:stat | 3:stat)
        words="--json --watch $(_vsioctl_domains)"
        ;;
    2:*)
        words="$(_vsioctl_domains) --help"
        ;;
    3:console | 3:detach | 3:send)
        words="0 1 2 3 4 5 6 7"
        ;;
    *:mouse)
        words="x= y= wheel= buttons= click="
        ;;
    *:key)
        words="--text ctrl-alt-del enter esc tab up down left right"
        ;;
    3:save | 3:restore | 4:send)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
}

complete -F _vsioctl vsioctl
